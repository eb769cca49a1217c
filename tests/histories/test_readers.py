"""Readers see the old total or the new one, whatever is swapped: 24 months change at once."""

import asyncio
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from server.analytics.gateway import Analytics
from tests.fixtures.ingest import provided_engine
from tests.fixtures.rows import good, to_csv
from tests.fixtures.storage import StorageAddress
from tests.fixtures.workshop import embedded_address
from tests.histories.house import open_house
from tests.histories.world import World

pytestmark = pytest.mark.slow

__all__ = ["embedded_address"]

MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
READERS = 2
_PAUSE_SECONDS = 0.002

Total = tuple[int, str]


@pytest.fixture(scope="module", params=["embedded", "http", "server"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Analytics]:
    """Give each kind of ClickHouse in turn."""
    kind = str(request.param)
    with provided_engine(kind, tmp_path_factory.mktemp(kind)) as analytics:
        yield analytics


class Reader(threading.Thread):
    """Asks for the totals over and over, through a gateway of its own."""

    def __init__(self, analytics: Analytics, workspace: str) -> None:
        super().__init__()
        self.seen: Counter[Total] = Counter()
        self.faults: list[Exception] = []
        self._dsn = analytics._dsn
        self._database = analytics.database
        self._workspace = workspace
        self._is_over = threading.Event()

    def run(self) -> None:
        """Poll until it is stopped."""
        asyncio.run(self._poll())

    def stop(self) -> None:
        """Poll once more and end."""
        self._is_over.set()
        self.join()

    async def _poll(self) -> None:
        gateway = Analytics(self._dsn, database=self._database, threads=1)
        is_last = False
        while not is_last:
            is_last = self._is_over.is_set()
            try:
                found = await gateway.query(
                    "SELECT count() AS n, toString(sum(amount)) AS amount"
                    f" FROM {self._database}.transactions_current"
                    " WHERE _workspace = {workspace:String}",
                    parameters={"workspace": self._workspace},
                    comment="reader",
                )
            except Exception as fault:  # noqa: BLE001 - a reader that is refused is a finding
                self.faults.append(fault)
            else:
                row = found.one()
                self.seen[int(str(row["n"])), str(row["amount"])] += 1
            time.sleep(_PAUSE_SECONDS)  # noqa: ASYNC251 - this thread does nothing else
        gateway.close()


@contextmanager
def watched(world: World) -> Iterator[Counter[Total]]:
    """Poll while the block runs; give what was seen, how often, when it has ended."""
    seen: Counter[Total] = Counter()
    readers = [
        Reader(world.context.analytics, world.principal.workspace_id) for _ in range(READERS)
    ]
    for reader in readers:
        reader.start()
    try:
        yield seen
    finally:
        for reader in readers:
            reader.stop()
            assert reader.faults == []
            seen.update(reader.seen)


def spread(amount: str, *, moved: int = 0, rows: int = 2400) -> bytes:
    """Return rows over all months, moved by a few."""
    return to_csv(
        [
            good(number, created_at=f"{MONTHS[(number + moved) % 24]}-05 08:00:00", amount=amount)
            for number in range(rows)
        ]
    ).encode()


def test_readers_see_the_old_total_or_the_new_one(
    engine: Analytics,
    embedded_address: StorageAddress,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    before, after = (2400, "2400"), (2880, "5760")
    with (
        asyncio.Runner() as runner,
        closing(open_house(runner, engine, embedded_address, tmp_path)) as worlds,
    ):
        world = next(worlds)

        def work(job: str, file_id: UUID) -> None:
            runner.run(world.work(job, file_id, None))

        first = runner.run(world.send(spread("1.00"), None))
        work("ingest", first.file_id)
        # Every row of the first moves to the next month, and rows come to every month.
        second = runner.run(world.send(spread("2.00", moved=1, rows=2880), None))
        with watched(world) as published:
            work("ingest", second.file_id)
        runner.run(world.desk.service.reprocess(world.principal, second.file_id))
        with watched(world) as reprocessed:
            work("ingest", second.file_id)
        runner.run(world.desk.service.undo(world.principal, second.file_id))
        with watched(world) as undone:
            work("undo", second.file_id)

    assert set(published) == {before, after}
    assert set(reprocessed) == {after}
    assert set(undone) == {before, after}
    kind = engine._dsn.partition("://")[0]
    for what, seen in (
        ("published", published),
        ("published_again", reprocessed),
        ("undone", undone),
    ):
        totals = ", ".join(f"{rows} rows {sums}: {n}" for (rows, sums), n in seen.items())
        told = f"{sum(seen.values())} polls ({totals})"
        record_testsuite_property(f"readers_{kind}_{what}", told)
        sys.stdout.write(f"{kind} {what}: {told}\n")
