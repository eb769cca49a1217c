"""Fixtures of this folder's tests: the HTTP side on a real engine, without a store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.analytics.gateway import Analytics
from server.parts import Parts, assemble
from server.schema import metadata
from server.storage import s3
from tests.fixtures.database import HandClock, RecordingQueue
from tests.fixtures.http import make_settings
from tests.fixtures.ingest import engine

__all__ = ["engine"]


@pytest.fixture
def address(database_url: str) -> str:
    """Give the URL of the database; a module that is about SQL takes each kind in turn."""
    return database_url


@pytest_asyncio.fixture
async def parts(
    tmp_path: Path,
    address: str,
    engine: Analytics,
    queue: RecordingQueue,
    clock: HandClock,
) -> AsyncIterator[Parts]:
    """Give the parts of an application ."""
    settings = make_settings(tmp_path, database_url=address)
    parts = assemble(
        settings,
        storage=s3.from_settings(settings),
        analytics=engine,
        queue=queue,
        clock=clock,
    )
    async with parts.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield parts
    await parts.close()
