"""The swap: current is cloned, the clone changed where rows change, and exchanged in one step.

Before the exchange nobody sees anything, after it everybody sees all (INGEST.md, publishing).
Partitions are linked, not copied; only those that lose rows are written anew.
"""

import re
from dataclasses import dataclass

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.tables import current_table
from worker.ingest import staging
from worker.ingest.dataset_lock import Held
from worker.ingest.staging import Staging

_GENERATION = re.compile(r"generation=(\d+)")


@dataclass(frozen=True)
class Change:
    """What a swap changes."""

    workspace_id: str
    lost_keys: str | None
    """A subquery of keys whose rows leave current; None when none do."""
    arrivals: str | None
    """A table whose partitions are attached to current; None when nothing arrives."""


async def generation_of(analytics: Analytics, dataset: Dataset, comment: str) -> int:
    """Return the generation readers see: the comment travels with the exchange."""
    found = await analytics.query(
        "SELECT comment FROM system.tables WHERE database = {database:String}"
        " AND name = {name:String}",
        parameters={"database": analytics.database, "name": current_table(dataset)},
        comment=comment,
    )
    told = _GENERATION.search(str(found.one()["comment"]))
    return int(told.group(1)) if told else 0


async def drop_foreign_next(analytics: Analytics, dataset: Dataset, comment: str) -> None:
    """Drop every next table of the dataset: called by who just took the lock, so none is in use.

    A publisher that was paused before its exchange then fails with UNKNOWN_TABLE.
    """
    found = await analytics.query(
        "SELECT name FROM system.tables WHERE database = {database:String}"
        " AND startsWith(name, {prefix:String})",
        parameters={"database": analytics.database, "prefix": f"next_{dataset.name}_"},
        comment=comment,
    )
    for (name,) in found.rows:
        await staging.drop(analytics, f"{analytics.database}.{name}", comment)


async def swap(
    analytics: Analytics,
    tables: Staging,
    change: Change,
    *,
    generation: int,
    held: Held,
    comment: str,
) -> None:
    """Make the change visible to all readers at once.

    Raises:
        AnalyticsUnavailable, QueryRejected: nothing is visible, or all is; the generation tells.
        LeaseLost: the dataset's lock is another publisher's now; nothing is visible.
    """
    current = f"{analytics.database}.{current_table(tables.dataset)}"
    following = tables.scratch("next")
    await staging.drop(analytics, following, comment)
    await analytics.command(f"CREATE TABLE {following} CLONE AS {current}", comment=comment)
    await analytics.command(
        f"ALTER TABLE {following} MODIFY COMMENT 'generation={generation}'", comment=comment
    )
    if change.lost_keys is not None:
        await _take_out(analytics, tables, following, change, comment)
    if change.arrivals is not None:
        await attach_all(analytics, source=change.arrivals, target=following, comment=comment)
    await held.check()
    await analytics.command(f"EXCHANGE TABLES {following} AND {current}", comment=comment)
    await staging.drop(analytics, following, comment)


async def attach_all(analytics: Analytics, *, source: str, target: str, comment: str) -> None:
    """Attach every partition of a table to another; links, not copies."""
    await analytics.command(
        f"ALTER TABLE {target} ATTACH PARTITION ALL FROM {source}", comment=comment
    )


async def _take_out(
    analytics: Analytics, tables: Staging, following: str, change: Change, comment: str
) -> None:
    lost = "_workspace = {workspace:String} AND _key IN (" + str(change.lost_keys) + ")"
    parameters = {"workspace": change.workspace_id}
    touched = await analytics.query(
        f"SELECT DISTINCT _partition_id AS id FROM {following} WHERE {lost} ORDER BY id",
        parameters=parameters,
        comment=comment,
    )
    for (partition,) in touched.rows:
        await staging.keep_only(
            analytics,
            tables,
            following,
            str(partition),
            condition=f"NOT ({lost})",
            parameters=parameters,
            comment=comment,
        )
