"""Every row of the database as lines of JSON, read at one instant and put back in one transaction.

By what the database itself says of its tables, not by this version's classes: a backup of an
earlier version is put into tables of that version, which are then brought up to this one.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    Uuid,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Row = dict[str, object]

# What means nothing elsewhere, or later: who is signed in, who holds a lock, what is under way.
_LEFT_OUT: Final = frozenset({"alembic_version", "user_sessions", "dataset_locks", "operations"})
_ROWS_AT_ONCE: Final = 500


async def dump(connection: AsyncConnection, counted: dict[str, int]) -> AsyncIterator[bytes]:
    """Yield a line for every row.

    Args:
        connection: in a transaction that sees one instant; see `snapshot`.
        counted: gets the number of rows of each table.
    """
    for table in await _tables(connection):
        count = 0
        async with connection.stream(select(table)) as rows:
            async for row in rows:
                told = {column.name: _told(row._mapping[column]) for column in table.columns}  # noqa: SLF001 - SQLAlchemy's public name
                yield json.dumps([table.name, told]).encode() + b"\n"
                count += 1
        counted[table.name] = count


async def snapshot(engine: AsyncEngine) -> AsyncConnection:
    """Return a connection that sees the database as it is now, until it is closed."""
    connection = await engine.connect()
    if engine.dialect.name == "postgresql":
        connection = await connection.execution_options(isolation_level="REPEATABLE READ")
    else:
        # The driver would begin with the first write only.
        await connection.exec_driver_sql("BEGIN")
    # PostgreSQL takes its snapshot with the first statement.
    await connection.exec_driver_sql("SELECT 1")
    return connection


def lines(pieces: Iterator[bytes]) -> Iterator[tuple[str, Row]]:
    """Yield (table, row) of what `dump` wrote; values are still as JSON has them."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            name, row = json.loads(line)
            yield name, row


async def load(
    engine: AsyncEngine, rows: Iterator[tuple[str, Row]], change: Callable[[str, Row], Row]
) -> None:
    """Put the rows into empty tables of the version they come from, all or none.

    Args:
        engine: the database.
        rows: as `lines` yields them.
        change: returns a row as it is to be here.
    """
    async with engine.begin() as connection:
        tables = {table.name: table for table in await _tables(connection)}
        waiting: list[Row] = []
        current: Table | None = None
        for name, row in rows:
            table = tables[name]
            if current is not None and (table is not current or len(waiting) == _ROWS_AT_ONCE):
                await connection.execute(insert(current), waiting)
                waiting = []
            current = table
            waiting.append(_meant(table, change(name, row), engine.dialect.name))
        if current is not None and waiting:
            await connection.execute(insert(current), waiting)


async def _tables(connection: AsyncConnection) -> list[Table]:
    """Return the tables, those that are referred to first."""

    def reflect(sync: Connection) -> list[Table]:
        metadata = MetaData()
        metadata.reflect(bind=sync)
        for table in metadata.tables.values():
            for column in table.columns:
                if isinstance(column.type, JSON):
                    # As our own declaration has it: None is NULL, not the word null.
                    column.type.none_as_null = True
        return [table for table in metadata.sorted_tables if table.name not in _LEFT_OUT]

    return await connection.run_sync(reflect)


def _told(value: object) -> object:
    match value:
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return aware.astimezone(UTC).isoformat()
        case UUID():
            return value.hex
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _meant(table: Table, row: Mapping[str, object], dialect: str) -> Row:
    return {name: _value(table.columns[name], value, dialect) for name, value in row.items()}


def _value(column: "Column[object]", value: object, dialect: str) -> object:
    if value is None:
        return None
    match column.type:
        case DateTime():
            moment = datetime.fromisoformat(str(value))
            # SQLite keeps no zone, and what it keeps is UTC.
            return moment.replace(tzinfo=None) if dialect == "sqlite" else moment
        case Uuid():
            return UUID(str(value))
        case LargeBinary():
            return base64.b64decode(str(value))
        case _:
            return value
