"""Two installations on parts of their own: one to be backed up, one to be put back into."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

from server.analytics.gateway import Analytics
from server.datasets.provision import provision
from server.datasets.tables import current_table
from server.db.migrate import migrate
from server.files.claims import ClaimBoard
from server.parts import Parts, assemble
from server.schema import metadata
from server.settings import Settings
from tests.fixtures.clickhouse.server import clickhouse_server
from tests.fixtures.database import RecordingQueue
from tests.fixtures.files import ALICE, Desk, TurnedClock
from tests.fixtures.storage import StorageAddress, adapter_for, embedded_store, minio_server
from tests.fixtures.workshop import Workshop
from worker.context import context_of
from worker.jobs import JOBS


@dataclass(frozen=True)
class Home:
    """An installation without a server: the files room, and a worker's hands."""

    parts: Parts
    workshop: Workshop

    @property
    def desk(self) -> Desk:
        """Return the files room."""
        return self.workshop.desk

    async def shown(self) -> list[tuple[object, ...]]:
        """Return every row that readers see."""
        dataset = self.parts.catalogue.get("transactions")
        assert dataset is not None
        found = await self.parts.analytics.query(
            f"SELECT * FROM {self.parts.analytics.database}.{current_table(dataset)}"
            " ORDER BY _workspace, _key",
            comment="test",
        )
        return found.rows


@dataclass(frozen=True)
class Place:
    """Where an installation's parts are."""

    database_url: str
    storage: StorageAddress
    clickhouse_dsn: str
    clickhouse_database: str


@asynccontextmanager
async def home(place: Place) -> AsyncIterator[Home]:
    """Give an installation that has taken no file."""
    settings = Settings(max_attempts=3, max_pending_files=20)
    storage = adapter_for(place.storage)
    analytics = Analytics(place.clickhouse_dsn, database=place.clickhouse_database, threads=2)
    clock, queue = TurnedClock(), RecordingQueue()
    parts = assemble(
        settings.model_copy(update={"database_url": place.database_url}),
        storage=storage,
        analytics=analytics,
        queue=queue,
        clock=clock,
    )
    await migrate(parts.engine, metadata)
    await storage.ensure_bucket()
    await provision(analytics, parts.catalogue)
    claims = ClaimBoard(parts.units, clock, timedelta(seconds=30), "test")
    desk = Desk(parts.files, parts.units, storage, queue, clock, settings, claims)
    yield Home(parts, Workshop(desk, context_of(parts)))
    await parts.close()
    await asyncio.to_thread(analytics.close)
    await asyncio.to_thread(storage.close)


@contextmanager
def embedded_places(folder: Path) -> Iterator[tuple[Place, Place]]:
    """Give two places on SQLite, the embedded store and the engine in process."""
    with embedded_store(folder / "one") as first, embedded_store(folder / "two") as second:
        dsn = f"chdb:///{folder / 'chdb'}"
        yield (
            Place(f"sqlite+aiosqlite:///{folder}/one.db", first, dsn, "one"),
            Place(f"sqlite+aiosqlite:///{folder}/two.db", second, dsn, "two"),
        )


@contextmanager
def real_places(folder: Path, postgres_url: str) -> Iterator[tuple[Place, Place]]:
    """Give two places on PostgreSQL, MinIO, and ClickHouse over HTTP."""
    other = f"{postgres_url}_other"
    name = other.rpartition("/")[2]
    asyncio.run(_execute(postgres_url, f"CREATE DATABASE {name}"))
    for folder_name in ("one", "two", "clickhouse"):
        (folder / folder_name).mkdir()
    try:
        with (
            minio_server(folder / "one") as first,
            minio_server(folder / "two") as second,
            clickhouse_server(folder / "clickhouse") as clickhouse,
        ):
            yield (
                Place(postgres_url, first, clickhouse.dsn, "one"),
                Place(other, second, clickhouse.dsn, "two"),
            )
    finally:
        asyncio.run(_execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(statement)
    await connection.close()


async def fill(home: Home) -> None:
    """Send files of every kind that a backup has to bring back."""
    workshop, desk = home.workshop, home.desk
    await workshop.ingested(rows=6)
    await workshop.ingested(rows=3, amount="55.00")
    await workshop.ingested(rows=2, currency="no currency")
    undone = await workshop.ingested(rows=4, amount="9.00")
    await desk.service.undo(ALICE, undone.file_id)
    await JOBS["undo"](workshop.context, undone.file_id)
