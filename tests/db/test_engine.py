"""SQLite behaves like a server: who is cut off in the middle of a transaction holds up nobody."""

import asyncio
import sqlite3
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.db.engine import create_engine


async def test_a_transaction_that_is_cancelled_lets_go_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    engine = create_engine(f"sqlite+aiosqlite:///{path}")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE t AS SELECT 1 AS a"))
    cut = asyncio.create_task(_change(engine))

    async def cut_off(_cursor: aiosqlite.Cursor) -> None:
        cut.cancel()
        await asyncio.sleep(0)

    # The statement has written, and none of its rows has been read.
    monkeypatch.setattr(aiosqlite.Cursor, "fetchall", cut_off)
    # What the task ended with is kept, and all that its frames refer to.
    ends = await asyncio.gather(cut, return_exceptions=True)
    monkeypatch.undo()

    other = sqlite3.connect(path, timeout=0)
    other.execute("UPDATE t SET a = a + 2")
    found = other.execute("SELECT a FROM t").fetchall()
    other.close()
    assert found == [(3,)]
    assert [type(end) for end in ends] == [asyncio.CancelledError]
    await engine.dispose()


async def _change(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE t SET a = a + 1 RETURNING a"))
