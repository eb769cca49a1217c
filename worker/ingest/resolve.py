"""What current shall be for some keys: current = resolve(history, published files).

A pure function of the history table and the set of published (file, attempt): the newest file's
rows win, by arrival, whatever the order of processing. Used by `publish.py` to count what a file
changes, and to fill keys when a file is taken back.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from server.analytics.gateway import Analytics
from server.datasets.tables import GOOD, history_table
from server.files.claims import Claim
from server.files.models import File
from server.unit_of_work import UnitOfWork
from worker.ingest import staging
from worker.ingest.staging import Staging


@dataclass(frozen=True)
class Published:
    """A file whose rows readers see, and the attempt that brought them."""

    file_id: UUID
    attempt: int


async def published_files(unit: UnitOfWork, claim: Claim) -> list[Published]:
    """Return the published files of the claim's workspace and dataset, without its own."""
    found = await unit.session.exec(
        select(File.file_id, File.published_attempt).where(
            File.workspace_id == claim.workspace_id,
            File.dataset_type == claim.dataset_type,
            File.file_id != claim.file_id,
            col(File.published_attempt).is_not(None),
        )
    )
    return [Published(file_id, attempt) for file_id, attempt in found if attempt is not None]


async def write_published(
    analytics: Analytics, tables: Staging, published: list[Published], comment: str
) -> str:
    """Put the set into a scratch table; return its name."""
    table = tables.scratch("published")
    await staging.drop(analytics, table, comment)
    await analytics.command(
        f"CREATE TABLE {table} (file UUID, attempt UInt32) ENGINE = MergeTree ORDER BY file",
        comment=comment,
    )
    if published:
        rows = [(str(one.file_id), one.attempt) for one in published]
        bare = table.removeprefix(f"{tables.database}.")
        await analytics.insert(bare, rows, ("file", "attempt"), comment=comment)
    return table


def winners(tables: Staging, *, keys: str, published: str) -> str:
    """Return the SELECT of the rows that win the keys among the published files.

    Args:
        tables: names the dataset and database.
        keys: a subquery of keys.
        published: the table of the set.

    The statement has the parameter `workspace`.
    """
    rows = (
        f"FROM {tables.database}.{history_table(tables.dataset)}"
        f" WHERE _workspace = {{workspace:String}} AND _verdict = {GOOD} AND _key IN ({keys})"
        f" AND (_file, _attempt) IN (SELECT file, attempt FROM {published})"
    )
    return (
        f"SELECT * {rows} AND (_key, _uploaded_at, _file) IN ("
        f"SELECT _key, tupleElement(newest, 1), tupleElement(newest, 2) FROM"
        f" (SELECT _key, max((_uploaded_at, _file)) AS newest {rows} GROUP BY _key))"
    )
