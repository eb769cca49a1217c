"""Every part is taken away from a running pipeline, in every stage: each file ends right by itself.

A part is killed, or it hangs; for seconds, or for as many as TALLYDOCK_TEST_OUTAGE_SECONDS says.
Meanwhile callers are told what is so. The default suite takes those combinations in which the part
is needed most; with TALLYDOCK_TEST_EVERY_OUTAGE=1 all of them.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import product

import httpx
import pytest

from server.files.answers import FileAnswer
from tests.faults.bulk import Bulk, new_provider
from tests.faults.holding import UNDOING
from tests.faults.plant import Plant, running_plant
from tests.fixtures.client import FILES, Client, counts_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

OUTAGE_SECONDS = float(os.environ.get("TALLYDOCK_TEST_OUTAGE_SECONDS", "2"))
STAGES = ("queued", "inspecting", "loading", "publishing", "completed", UNDOING)
PARTS = ("analytics", "storage", "database", "queue")
WAYS = ("killed", "hangs")
DECISIVE = (
    *(("loading", "analytics", way) for way in WAYS),
    ("publishing", "analytics", "killed"),
    (UNDOING, "analytics", "killed"),
    ("inspecting", "storage", "hangs"),
    ("loading", "storage", "killed"),
    ("publishing", "database", "killed"),
    ("queued", "queue", "hangs"),
)
ALL = tuple(product(STAGES, PARTS, WAYS))
CHOSEN = ALL if os.environ.get("TALLYDOCK_TEST_EVERY_OUTAGE") else DECISIVE
ROWS = 20_000
# How long a file may take when everything is back: retries wait twice as long each time.
LONGEST_SECONDS = 120 + 4 * OUTAGE_SECONDS


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house whose parts are taken away."""
    with running_plant(tmp_path_factory.mktemp("outages")) as plant:
        yield plant


@pytest.mark.parametrize(("stage", "part", "way"), CHOSEN)
def test_a_part_that_is_away_for_a_while_harms_no_file(
    plant: Plant, stage: str, part: str, way: str
) -> None:
    provider = new_provider()
    before = Bulk(1, ROWS, "1.00", provider=provider)
    # Half of the rows move to another month: two partitions change in one swap.
    corrected = Bulk(ROWS // 2 + 1, ROWS, "3.00", month="2025-04", provider=provider)
    with plant.client() as client:
        first = client.send(before.data)
        if stage == UNDOING:
            second = client.send(corrected.data).id
            with plant.holding.at(stage) as held:
                assert client.http.post(f"{FILES}/{second}/undo").status_code == 202
                held.wait()
                take_away(plant, part, way)
        else:
            second, url = client.ask()
            with plant.holding.at(stage) as held:
                assert client.put(url, corrected.data) == 200
                held.wait()
                take_away(plant, part, way)
        watch(plant, client, second, part, way)
        bring_back(plant, part, way)

        file = undone(client, second) if stage == UNDOING else client.ended(second, LONGEST_SECONDS)

        half = ROWS // 2
        if stage == UNDOING:
            assert client.shown(provider) == before.sums
        else:
            assert counts_of(file) == {"total": half, "imported": half, "replaced": half}
            amount = half * Decimal("1.00") + half * Decimal("3.00")
            assert client.shown(provider) == {("EUR", "Capture"): (ROWS, amount)}
        causes = [entry.cause for entry in client.history(second)]
        assert causes.count("file.completed") == 1
        assert causes.count("file.undone") == (stage == UNDOING)
        assert client.get(first.id) == first
    until_ready(plant)


def take_away(plant: Plant, part: str, way: str) -> None:
    """Begin the outage."""
    if way == "killed":
        plant.parts[part].kill()
    else:
        plant.parts[part].pause()


def bring_back(plant: Plant, part: str, way: str) -> None:
    """End the outage."""
    if way == "killed":
        plant.parts[part].start()
    else:
        plant.parts[part].resume()


def watch(plant: Plant, client: Client, file_id: str, part: str, way: str) -> None:
    """Be a caller during the outage, who is told what is so or nothing."""
    end = time.monotonic() + OUTAGE_SECONDS
    is_told = False
    while time.monotonic() < end or not is_told:
        assert time.monotonic() < end + 30, plant.ready()
        status, dependencies = plant.ready()
        # What was said a second ago is remembered.
        is_told = is_told or (status, dependencies[part]) == (503, "down")
        if part != "database":
            file = client.get(file_id)
            assert file.status in ("Processing", "Completed", "Pending"), file.failure
            assert file.failure is None
        elif way == "killed":
            answer = client.http.get(f"{FILES}/{file_id}")
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "unavailable"
            assert "retry-after" in answer.headers
        time.sleep(0.1)


def undone(client: Client, file_id: str) -> FileAnswer:
    """Wait until readers do not see the file any more."""
    end = time.monotonic() + LONGEST_SECONDS
    while (file := client.get(file_id)).undone_at is None:
        assert time.monotonic() < end, client.history(file_id)
        time.sleep(0.05)
    return file


def until_ready(plant: Plant) -> None:
    """Wait until every part is well again, as far as the server knows."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if plant.ready()[0] == 200:
                return
        time.sleep(0.1)
    pytest.fail(str(plant.ready()))
