"""Every part is taken away from a running pipeline, in every stage: each file ends right by itself.

A part is killed, or it hangs; for seconds, or for as many as TALLYDOCK_TEST_OUTAGE_SECONDS says.
Meanwhile callers are told what is so. Without more those combinations are taken in which the part
is needed most; with TALLYDOCK_TEST_EVERY_OUTAGE=1 all of them.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from itertools import product
from urllib.parse import quote_plus, unquote, urlsplit

import httpx
import pytest

from server.files.answers import FileAnswer
from tests.faults.bulk import Bulk, new_provider
from tests.faults.holding import UNDOING
from tests.faults.plant import Plant, running_plant
from tests.fixtures.client import FILES, Client, counts_of
from tests.fixtures.house import EVENT_TOKEN

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
IS_EVERY = bool(os.environ.get("TALLYDOCK_TEST_EVERY_OUTAGE"))
CHOSEN = ALL if IS_EVERY else DECISIVE
ROWS = 20_000
# How long a file may take when everything is back: retries wait twice as long each time.
LONGEST_SECONDS = 300 + 4 * OUTAGE_SECONDS


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house whose parts are taken away."""
    with running_plant(tmp_path_factory.mktemp("outages")) as plant:
        yield plant


@pytest.fixture(scope="module")
def minio_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house whose store is a real MinIO."""
    with running_plant(tmp_path_factory.mktemp("minio"), on_minio=True) as plant:
        yield plant


@pytest.mark.parametrize(("stage", "part", "way"), CHOSEN)
def test_a_part_that_is_away_for_a_while_harms_no_file(
    plant: Plant, stage: str, part: str, way: str
) -> None:
    live_through(plant, stage, part, way)


@pytest.mark.skipif(not IS_EVERY, reason="TALLYDOCK_TEST_EVERY_OUTAGE is not set")
@pytest.mark.parametrize(("stage", "way"), tuple(product(STAGES, WAYS)))
def test_a_minio_that_is_away_for_a_while_harms_no_file(
    minio_plant: Plant, stage: str, way: str
) -> None:
    live_through(minio_plant, stage, "storage", way)


@pytest.mark.parametrize("part", ["database", "queue"])
def test_events_that_are_lost_in_an_outage_and_doubled_after_it_bring_a_file_in_once(
    plant: Plant, part: str
) -> None:
    rows = Bulk(1, 2000, "1.00", provider=new_provider())
    with plant.client() as client:
        file_id, url = client.ask()
        key = unquote(urlsplit(url).path).split("/", 2)[2]
        plant.parts[part].kill()
        # The store says it once, to a server that can do nothing about it, or can call nobody.
        assert client.put(url, rows.data) == 200
        lost = tell_of(plant, key)
        plant.parts[part].start()
        with ThreadPoolExecutor(4) as pool:
            doubled = list(pool.map(lambda _: tell_of(plant, key), range(8)))
        file = client.ended(file_id, LONGEST_SECONDS)
        late = tell_of(plant, key)

        assert lost == (503 if part == "database" else 204)
        assert late == 204
        # Some may have come before the server had its database again.
        assert set(doubled) <= ({204, 503} if part == "database" else {204})
        assert counts_of(file) == {"total": 2000, "imported": 2000, "inserted": 2000}
        assert client.shown(rows.provider) == rows.sums
        causes = Counter(entry.cause for entry in client.history(file_id))
        assert (causes["object.pinned"], causes["file.completed"]) == (1, 1)
        assert client.get(file_id) == file
    until_ready(plant)


def tell_of(plant: Plant, key: str) -> int:
    """Be the store, and say that an object was created; return the answer's status."""
    record = {"eventName": "s3:ObjectCreated:Put", "s3": {"object": {"key": quote_plus(key)}}}
    return httpx.post(
        f"http://127.0.0.1:{plant.settings.port}/storage/events",
        json={"Records": [record]},
        headers={"authorization": f"Bearer {EVENT_TOKEN}"},
        trust_env=False,
        timeout=60,
    ).status_code


def live_through(plant: Plant, stage: str, part: str, way: str) -> None:
    """Take a part away while a file is in a stage, and make sure of every end."""
    provider = new_provider()
    before = Bulk(1, ROWS, "1.00", provider=provider)
    # Half of the rows move to another month: two partitions change in one swap.
    corrected = Bulk(ROWS // 2 + 1, ROWS, "3.00", month="2025-04", provider=provider)
    with plant.client() as client:
        first = client.send(before.data)
        second, url = client.ask()
        if stage == UNDOING:
            client.put(url, corrected.data)
            client.ended(second)
        with ExitStack() as outage:
            with plant.holding.at(stage) as held:
                if stage == UNDOING:
                    assert client.http.post(f"{FILES}/{second}/undo").status_code == 202
                else:
                    assert client.put(url, corrected.data) == 200
                held.wait()
                outage.enter_context(away(plant, part, way))
            watch(plant, client, second, part, way)

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


@contextmanager
def away(plant: Plant, part: str, way: str) -> Iterator[None]:
    """Have the part be away until the block ends, also when what was seen meanwhile is wrong."""
    gone = plant.parts[part]
    if way == "killed":
        gone.kill()
    else:
        gone.pause()
    try:
        yield
    finally:
        if way == "killed":
            gone.start()
        else:
            gone.resume()


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
