"""The application over each kind of database, for what must hold on both."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import col, func, select

from server.files.models import File
from server.parts import Parts
from tests.fixtures.database import HandClock, RecordingQueue
from tests.fixtures.http import make_parts, make_settings


@pytest_asyncio.fixture
async def each_parts(
    tmp_path: Path, each_database_url: str, queue: RecordingQueue, clock: HandClock
) -> AsyncIterator[Parts]:
    """Give the parts of an application over SQLite and PostgreSQL in turn."""
    settings = make_settings(tmp_path, database_url=each_database_url)
    parts = await make_parts(settings, queue, clock)
    yield parts
    await parts.close()


@pytest.fixture
def count_files(parts: Parts) -> Callable[[], Awaitable[int]]:
    """Give a function that returns how many files there are."""

    async def count() -> int:
        async with parts.units.begin() as unit:
            return (await unit.session.exec(select(func.count(col(File.file_id))))).one()

    return count
