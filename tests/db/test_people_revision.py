"""What the revision of people does to who was there before."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.access.scopes import ALL_SCOPES
from server.db.engine import create_engine
from server.db.migrate import check, downgrade, migrate
from server.schema import metadata

BEFORE = "0007"


@pytest.fixture
async def empty(each_database_url: str) -> AsyncIterator[AsyncEngine]:
    """Give an engine over an empty database of each kind."""
    engine = create_engine(each_database_url)
    yield engine
    await engine.dispose()


async def rows(engine: AsyncEngine, query: str) -> list[tuple[object, ...]]:
    """Return what the query finds."""
    async with engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(text(query))).all()]


async def test_the_administrator_stays_one_there_and_back(empty: AsyncEngine) -> None:
    await migrate(empty, metadata)
    await downgrade(empty, metadata, to=BEFORE)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    scopes = json.dumps(sorted(ALL_SCOPES))
    is_sqlite = empty.dialect.name == "sqlite"
    given = "cast(:scopes as jsonb)" if not is_sqlite else ":scopes"
    user_id = uuid4()
    async with empty.begin() as connection:
        at = now.isoformat(sep=" ") if is_sqlite else now
        await connection.execute(
            text("INSERT INTO workspaces VALUES ('w', 'main', :at)"),
            {"at": at},
        )
        await connection.execute(
            text(
                "INSERT INTO users"
                " (user_id, workspace_id, email, password_hash, scopes, created_at)"
                f" VALUES (:user_id, 'w', 'a@b.example', 'hash', {given}, :at)"
            ),
            {"user_id": user_id.hex if is_sqlite else user_id, "scopes": scopes, "at": at},
        )

    await migrate(empty, metadata)
    await check(empty, metadata)
    there = await rows(
        empty,
        "SELECT email, password_hash, workspace_id, role, disabled_at FROM users"
        " JOIN memberships ON memberships.user_id = users.user_id",
    )
    await downgrade(empty, metadata, to=BEFORE)
    back = await rows(empty, "SELECT email, password_hash, workspace_id FROM users")

    assert there == [("a@b.example", "hash", "w", "admin", None)]
    assert back == [("a@b.example", "hash", "w")]
