"""Tables that dead runs left in ClickHouse: dropped, once nobody can come back to them.

A run makes its tables after it took the file's lease, and a lease that was lost never comes back to
the same run. So whoever sees the table first and then another owner of the lease knows that the
table is nobody's.
"""

from uuid import UUID

from sqlmodel import col, select

from server.files.attempt import run_of
from server.files.models import File
from worker.context import Context
from worker.ingest.attempt import RunTable, read_name
from worker.maintenance.rounds import tell_repaired

_COMMENT = "reconcile:tables"


async def drop_left_tables(context: Context) -> None:
    """Drop the tables of runs that are over; also what such a run may still be writing to them."""
    analytics = context.analytics
    found = await analytics.query(
        "SELECT name FROM system.tables WHERE database = {database:String}",
        parameters={"database": analytics.database},
        comment=_COMMENT,
    )
    tables = [table for (name,) in found.rows if (table := read_name(str(name))) is not None]
    for table in await _left(context, tables):
        await analytics.kill(table.comment)
        await analytics.command(
            f"DROP TABLE IF EXISTS {analytics.database}.{table.name} SYNC", comment=_COMMENT
        )
        tell_repaired("table", table=table.name, file_id=str(table.file_id))


async def _left(context: Context, tables: list[RunTable]) -> list[RunTable]:
    if not tables:
        return []
    async with context.units.begin() as unit:
        rows = await unit.session.exec(
            select(File.file_id, File.lease_owner).where(
                col(File.file_id).in_({table.file_id for table in tables})
            )
        )
        runs: dict[UUID, str] = {file_id: run_of(owner) for file_id, owner in rows if owner}
    return [table for table in tables if runs.get(table.file_id) != table.run]
