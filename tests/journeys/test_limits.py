"""An appliance with narrow limits: what comes too late or is too much is refused, nothing hangs."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.fixtures.appliance import started
from tests.fixtures.client import UPLOAD, Client, failure_of
from tests.journeys.payments import Payments

MAX_BYTES = 100_000
EXPIRES_SECONDS = 5


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Give a client of an appliance with short-lived URLs for small files."""
    narrow = {
        "max_upload_bytes": MAX_BYTES,
        "upload_expires_seconds": EXPIRES_SECONDS,
        "upload_grace_seconds": 1,
        "sweep_seconds": 0.5,
    }
    with (
        started(tmp_path_factory.mktemp("narrow"), **narrow) as appliance,
        appliance.client() as client,
    ):
        yield client


def test_a_put_over_the_limit_is_refused_and_leaves_the_file_waiting(
    narrow: Client, payments: Payments
) -> None:
    file_id, url = narrow.ask()

    too_much = narrow.put(url, b"x" * (MAX_BYTES + 1))
    waiting = narrow.get(file_id)
    enough = narrow.put(url, payments.file(3)[1])

    assert too_much in (400, 413)
    assert waiting.status == "Pending"
    assert enough == 200
    assert narrow.ended(file_id).status == "Completed"


def test_a_put_over_the_limit_without_a_length_is_refused(narrow: Client) -> None:
    file_id, url = narrow.ask()
    chunks = (b"x" * 1000 for _ in range(MAX_BYTES // 1000 + 1))

    try:
        status = httpx.put(url, content=chunks, trust_env=False).status_code
    except httpx.TransportError:  # the store may hang up on a client that goes on sending
        status = 413

    assert status in (400, 411, 413)
    assert narrow.get(file_id).status == "Pending"


def test_an_announced_size_over_the_limit_is_refused_at_once(narrow: Client) -> None:
    file = {"name": "a.csv", "type": "csv", "sizeBytes": MAX_BYTES + 1}

    answer = narrow.http.post(UPLOAD, json={"datasetType": "transactions", "file": file})

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_an_expired_url_is_refused_and_its_file_is_given_up(
    narrow: Client, payments: Payments
) -> None:
    file_id, url = narrow.ask()
    time.sleep(EXPIRES_SECONDS + 1)

    late = narrow.put(url, payments.file(3)[1])
    file = narrow.ended(file_id, 20)

    assert late in (400, 403)
    assert failure_of(file) == "upload-expired"
    assert file.outcome == "never_uploaded"
    assert narrow.shown(payments.provider) == {}
