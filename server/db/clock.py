"""The database's time: the one that all processes can compare their own with."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def database_time(connection: AsyncConnection) -> datetime:
    """Return when the transaction began, which this statement may be the first of, aware UTC.

    SQLite's has whole seconds.
    """
    said: datetime = (await connection.execute(select(func.current_timestamp()))).scalar_one()
    # SQLite's has no zone and is UTC.
    return said if said.tzinfo else said.replace(tzinfo=UTC)
