"""The database: one async engine, sessions from it, and SQLite set up to behave like a server."""

import sqlite3
from contextlib import suppress

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

Sessions = async_sessionmaker[AsyncSession]


def create_engine(url: str) -> AsyncEngine:
    """Return an engine for `postgresql+asyncpg://…` or `sqlite+aiosqlite:///…`."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, connect_args={"factory": _Connection})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def create_sessions(engine: AsyncEngine) -> Sessions:
    """Return a maker of sessions whose objects stay readable after the commit."""
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


class _Connection(sqlite3.Connection):
    """A connection to SQLite whose transaction ends with it."""

    def close(self) -> None:
        """Roll back, then close.

        SQLite keeps a closed connection's transaction, and its lock on the file, for as long as a
        statement of it has rows to give. A task that is cancelled in `UPDATE … RETURNING` leaves
        one behind, and nobody else could write until the garbage collector found it.
        """
        with suppress(sqlite3.Error):  # nothing was begun, or it is closed already
            self.rollback()
        super().close()


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: a row whose upload URL was answered must outlive a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA busy_timeout = 15000")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
