"""The revisions bring a database exactly to the declared tables, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from server.db.engine import create_engine
from server.db.migrate import check, downgrade, migrate
from server.schema import metadata


@pytest.fixture
async def empty(each_database_url: str) -> AsyncIterator[AsyncEngine]:
    """Give an engine over an empty database of each kind."""
    engine = create_engine(each_database_url)
    yield engine
    await engine.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    """Return the names of the tables there are."""
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_after_the_revisions_nothing_is_left_to_do(empty: AsyncEngine) -> None:
    await migrate(empty, metadata)

    await check(empty, metadata)
    assert await tables(empty) == {*metadata.tables, "alembic_version"}


async def test_migrating_twice_changes_nothing(empty: AsyncEngine) -> None:
    await migrate(empty, metadata)
    await migrate(empty, metadata)

    await check(empty, metadata)


async def test_the_way_back_leaves_nothing(empty: AsyncEngine) -> None:
    await migrate(empty, metadata)

    await downgrade(empty, metadata)

    assert await tables(empty) == {"alembic_version"}


async def test_servers_that_start_together_migrate_one_after_the_other(postgres_url: str) -> None:
    engines = [create_engine(postgres_url) for _ in range(3)]

    await asyncio.gather(*(migrate(engine, metadata) for engine in engines))

    await check(engines[0], metadata)
    for engine in engines:
        await engine.dispose()
