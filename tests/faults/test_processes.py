"""Server and workers as processes of their own: killed, stopped before the swap, several at once.

Each end is compared to the last row. Without more they are killed where most hangs on it; with
TALLYDOCK_TEST_EVERY_KILL=1 in every stage.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest
from pydantic import SecretStr

from server.analytics.gateway import Analytics
from server.files.answers import FileAnswer
from server.files.lifecycle import Outcome
from tests.faults.bulk import Bulk, new_provider
from tests.faults.daemon import Daemon
from tests.faults.holding import UNDOING
from tests.faults.plant import Plant, running_plant
from tests.fixtures.clickhouse.server import ClickHouseServer
from tests.fixtures.client import FILES, Client, counts_of
from tests.fixtures.tripwire import Tripwire
from tests.histories.model import ONE, Row, Sent, Shown, resolve
from tests.histories.world import file_of, rows_seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

STAGES = ("queued", "inspecting", "loading", "publishing", "completed", UNDOING)
VICTIMS = ("worker", "server", "both")
DECISIVE = (("worker", "loading"), ("both", "publishing"), ("worker", "completed"))
ALL = tuple(product(VICTIMS, STAGES))
IS_EVERY = bool(os.environ.get("TALLYDOCK_TEST_EVERY_KILL"))
CHOSEN = ALL if IS_EVERY else DECISIVE
# On their way at once, by several workers, and how many keys they speak of.
FILES_AT_ONCE = 9
KEYS = 200
ROWS = 20_000
LONGEST_SECONDS = 300


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house whose processes are killed."""
    with running_plant(tmp_path_factory.mktemp("processes")) as plant:
        yield plant


@pytest.mark.parametrize(("victim", "stage"), CHOSEN)
def test_killed_in_any_stage_every_row_is_there_once(plant: Plant, victim: str, stage: str) -> None:
    provider = new_provider()
    before = Bulk(1, ROWS, "1.00", provider=provider)
    corrected = Bulk(ROWS // 2 + 1, ROWS + 7, "3.00", month="2025-04", provider=provider)
    victims = [plant.workers[0]] if victim != "server" else []
    victims += [plant.server] if victim != "worker" else []
    with plant.client() as client:
        client.send(before.data)
        second, url = client.ask()
        if stage == UNDOING:
            client.put(url, corrected.data)
            client.ended(second, LONGEST_SECONDS)
        with plant.holding.at(stage) as held:
            if stage == UNDOING:
                assert client.http.post(f"{FILES}/{second}/undo").status_code == 202
            else:
                assert client.put(url, corrected.data) == 200
            held.wait()
            for process in victims:
                process.kill()
    for process in victims:
        process.start()

    with plant.client() as client:
        if stage == UNDOING:
            undone(client, second)
            assert client.shown(provider) == before.sums
            return
        file = client.ended(second, LONGEST_SECONDS)
        half = ROWS // 2
        counts = {"total": half + 7, "imported": half + 7, "replaced": half, "inserted": 7}
        assert counts_of(file) == counts
        amount = half * Decimal("1.00") + (half + 7) * Decimal("3.00")
        assert client.shown(provider) == {("EUR", "Capture"): (ROWS + 7, amount)}
        causes = [entry.cause for entry in client.history(second)]
        assert causes.count("file.completed") == 1


def test_a_publisher_stopped_before_its_exchange_does_no_harm_when_it_goes_on(
    plant: Plant,
) -> None:
    provider = new_provider()
    older = Bulk(1, ROWS, "1.00", provider=provider)
    newer = Bulk(ROWS // 2 + 1, ROWS + 7, "3.00", month="2025-04", provider=provider)
    plant.workers[0].kill()
    stopped: list[Daemon] = []
    clickhouse = plant.parts["analytics"]
    assert isinstance(clickhouse, ClickHouseServer)

    def stop() -> None:
        stopped[0].pause()

    try:
        with (
            Tripwire(clickhouse.port, b"EXCHANGE TABLES", stop) as wire,
            plant.client() as client,
        ):
            stopped.append(plant.hire(clickhouse_dsn=SecretStr(wire.dsn)))
            first, url = client.ask()
            assert client.put(url, older.data) == 200
            assert wire.has_tripped.wait(LONGEST_SECONDS)
            assert client.shown(provider) == {}

            # It is stopped with the lock in its hand; the other one waits until that has run out.
            plant.workers[0].start()
            file_id, url = client.ask()
            assert client.put(url, newer.data) == 200
            new = client.ended(file_id, LONGEST_SECONDS)
            shown = client.shown(provider)
            stopped[0].resume()
            wire.let_pass()
            old = client.ended(first, LONGEST_SECONDS)
            time.sleep(2)  # whatever the one that slept may still do

            amount = (ROWS // 2) * Decimal("1.00") + newer.count * Decimal("3.00")
            both = {("EUR", "Capture"): (ROWS + 7, amount)}
            assert shown in (newer.sums, both)
            assert client.shown(provider) == both
            assert (counts_of(old)["imported"], counts_of(new)["imported"]) == (ROWS, newer.count)
            met = counts_of(old).get("outdated", 0) + counts_of(new).get("replaced", 0)
            assert met == ROWS // 2
            for one in (first, file_id):
                causes = [entry.cause for entry in client.history(one)]
                assert causes.count("file.completed") == 1
    finally:
        for worker in stopped:
            worker.resume()
            worker.kill()
            plant.workers.remove(worker)


def undone(client: Client, file_id: str) -> FileAnswer:
    """Wait until readers do not see the file any more."""
    end = time.monotonic() + LONGEST_SECONDS
    while (file := client.get(file_id)).undone_at is None:
        assert time.monotonic() < end, client.history(file_id)
        time.sleep(0.05)
    return file


@pytest.mark.parametrize("seed", range(5 if IS_EVERY else 1))
def test_many_workers_on_the_same_keys_leave_what_the_model_says(plant: Plant, seed: int) -> None:
    chance = random.Random(seed)
    keys = range(1000 * seed + 1, 1000 * seed + 1 + KEYS)
    wanted = [_some_rows(chance, keys) for _ in range(FILES_AT_ONCE)]
    # Of two files of the same bytes one counts, also when both are on their way.
    wanted.append(wanted[0])
    data = [file_of(ONE, rows) for rows in wanted]
    with plant.client() as client, ThreadPoolExecutor(len(wanted)) as pool, hired(plant, 2):
        tickets = [client.ask() for _ in wanted]
        assert set(pool.map(client.put, [url for _, url in tickets], data)) == {200}
        ended = [client.ended(file_id, LONGEST_SECONDS) for file_id, _ in tickets]

        assert Counter(file.outcome for file in ended) == {
            "imported": FILES_AT_ONCE,
            "duplicate": 1,
        }
        assert _shown(plant, ended) == resolve(_visible(ended, wanted))
        # Of a key's rows one was new, whoever came first; every other met one.
        inserted = sum(counts_of(file).get("inserted", 0) for file in ended)
        assert inserted == len({row.key for rows in wanted for row in rows})

        taken_back = chance.sample([file.id for file in ended], len(ended) // 3)
        list(pool.map(lambda file_id: client.undo(file_id, LONGEST_SECONDS), taken_back))
        after = [client.get(file.id) for file in ended]

        assert [file.id for file in after if file.outcome == "undone"] == [
            file.id for file in ended if file.id in taken_back
        ]
        assert _shown(plant, after) == resolve(_visible(after, wanted))
        # The same bytes are there once, as long as one of the two files stays.
        twins = {after[0].outcome, after[-1].outcome}
        assert (Outcome.IMPORTED in twins) == (twins != {Outcome.UNDONE})


@contextmanager
def hired(plant: Plant, count: int) -> Iterator[None]:
    """Have more workers until the block ends."""
    more = [plant.hire() for _ in range(count)]
    try:
        yield
    finally:
        for worker in more:
            worker.kill()
            plant.workers.remove(worker)


def _some_rows(chance: random.Random, keys: Sequence[int]) -> tuple[Row, ...]:
    chosen = chance.sample(keys, chance.randint(1, len(keys)))
    return tuple(Row(key, chance.randint(1, 12), chance.randint(1, 9) * 100) for key in chosen)


def _visible(files: Sequence[FileAnswer], wanted: Sequence[tuple[Row, ...]]) -> list[Sent]:
    """Return the files that readers see, as the model knows them."""
    seen = [pair for pair in zip(files, wanted, strict=True) if pair[0].outcome == "imported"]
    return [Sent(UUID(file.id), ONE, rows, _arrival(file)) for file, rows in seen]


def _arrival(file: FileAnswer) -> tuple[datetime, UUID]:
    assert file.uploaded_at is not None
    return file.uploaded_at, UUID(file.id)


def _shown(plant: Plant, files: Sequence[FileAnswer]) -> Shown:
    """Return the rows of these files that are in the table readers see."""
    settings = plant.settings
    dsn = settings.clickhouse_dsn.get_secret_value()
    analytics = Analytics(dsn, database=settings.clickhouse_database, threads=1)
    ids = [file.id for file in files]
    try:
        return asyncio.run(rows_seen(analytics, ONE, "has({files:Array(UUID)}, _file)", files=ids))
    finally:
        analytics.close()
