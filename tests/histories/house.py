"""The rooms a history happens in: one database, store and engine, and a workspace for each."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import update

from server.analytics.gateway import Analytics
from server.datasets.catalogue import Catalogue
from server.db.engine import create_engine, create_sessions
from server.files.claims import ClaimBoard
from server.files.models import DatasetLock
from server.files.service import FileService
from server.mappings.repository import MappingDirectory
from server.schema import metadata
from server.settings import Settings
from server.storage.originals import SignedOriginals
from server.storage.s3 import S3Storage
from server.unit_of_work import UnitsOfWork
from tests.fixtures.database import RecordingQueue
from tests.fixtures.files import Desk, TurnedClock
from tests.fixtures.storage import StorageAddress
from tests.histories.model import LEASE_SECONDS, ONE
from tests.histories.world import World
from worker.context import Context

_SETTINGS = Settings(max_attempts=1000, max_pending_files=1_000_000, lease_seconds=LEASE_SECONDS)


def open_house(
    runner: asyncio.Runner, analytics: Analytics, address: StorageAddress, folder: Path
) -> Generator[World, None, None]:
    """Yield worlds, each with a workspace of its own; to be closed before the runner."""
    database = create_engine(f"sqlite+aiosqlite:///{folder}/history.db")
    queue, clock = RecordingQueue(), TurnedClock()
    storage = S3Storage(
        internal_url=address.url,
        public_url=address.url,
        bucket=address.bucket,
        region=address.region,
        access_key=address.access_key,
        secret_key=address.secret_key,
    )

    async def prepare() -> None:
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await storage.ensure_bucket()

    runner.run(prepare())
    units = UnitsOfWork(create_sessions(database), queue)
    catalogue = Catalogue.built_in()
    service = FileService(
        units=units,
        storage=storage,
        catalogue=catalogue,
        settings=_SETTINGS,
        clock=clock,
        mappings=MappingDirectory(),
    )
    claims = ClaimBoard(units, clock, timedelta(seconds=_SETTINGS.lease_seconds), "test")
    desk = Desk(service, units, storage, queue, clock, _SETTINGS, claims)
    context = Context(
        settings=_SETTINGS,
        units=units,
        storage=storage,
        originals=SignedOriginals(storage),
        analytics=analytics,
        catalogue=catalogue,
        queue=queue,
        clock=clock,
        worker_name="test",
    )

    async def unlock() -> None:
        # The clock is set back to the store's; a dead worker's lock would last until it is there.
        clock.now = datetime.now(UTC)
        async with units.begin() as unit:
            await unit.session.exec(update(DatasetLock).values(owner=None, expires_at=None))

    try:
        while True:
            runner.run(unlock())
            yield World(desk, context, ONE)
    finally:
        runner.run(database.dispose())
