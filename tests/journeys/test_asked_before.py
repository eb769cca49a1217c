"""Before a file is undone or checked again, the portal says what that changes; nothing is done."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.fixtures.appliance import Appliance
from tests.fixtures.client import Client
from tests.fixtures.rows import to_csv
from tests.journeys.payments import Payments


@pytest.fixture
def browser(appliance: Appliance) -> Iterator[httpx.Client]:
    """Give the administrator's browser, without its scripts."""
    told = json.loads((appliance.home / "first-run.json").read_text())
    with httpx.Client(base_url=told["url"], timeout=60, trust_env=False) as it:
        page = it.get("/sign-in").text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token is not None
        fields = {"email": told["adminEmail"], "password": told["adminPassword"]}
        it.post("/sign-in", data={**fields, "following": "/", "token": token[1]})
        yield it


def words_of(browser: httpx.Client, path: str) -> str:
    """Return what the question says, without its markup."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())


def test_a_check_is_told_before_by_trying_the_stored_file(
    client: Client, payments: Payments, browser: httpx.Client
) -> None:
    rows = [*payments.rows(3), payments.row(amount="12,50")]
    file = client.send(to_csv(rows), maxRejectedRatio=1)
    history = client.history(file.id)

    told = words_of(browser, f"/files/{file.id}/check-again")

    assert "3 rows of it are on your dashboards now" in told
    assert "3 rows would be good and 1 set aside, as before." in told
    assert "If it fails, nothing changes." in told
    assert client.history(file.id) == history


def test_a_check_of_what_is_undone_tells_what_would_come_in(
    client: Client, payments: Payments, browser: httpx.Client
) -> None:
    file = client.send(to_csv(payments.rows(2)))
    client.undo(file.id)

    told = words_of(browser, f"/files/{file.id}/check-again")

    assert "on your dashboards now" not in told
    assert "2 rows would be good by the rules of today" in told
    assert "in the file's own place in time" in told.replace("&#39;", "'")
