"""The swap: current is cloned, the clone changed where rows change, and exchanged in one step.

Before the exchange nobody sees anything, after it everybody sees all.
Partitions are linked, not copied; only those that lose rows are written anew.
"""

import re
from dataclasses import dataclass
from typing import Final

from server.datasets.tables import current_table, next_tables
from server.errors import QueryRejected
from server.files.claims import LeaseLost
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.keys import Keys
from worker.ingest.removal import Lost, remove
from worker.ingest.room import check_definition, check_room

_GENERATION: Final = re.compile(r"generation=(\d+)")
_UNKNOWN_TABLE: Final = 60


@dataclass(frozen=True)
class Change:
    """What a swap changes, in the workspace of its attempt."""

    lost_keys: Keys | None
    """The keys whose rows leave current; None when none do."""
    arrivals: str | None
    """A table whose partitions are attached to current; None when nothing arrives."""


async def generation_of(attempt: Attempt) -> int:
    """Return the generation readers see: the comment travels with the exchange."""
    found = await attempt.query(
        "SELECT comment FROM system.tables WHERE database = {database:String}"
        " AND name = {name:String}",
        database=attempt.analytics.database,
        name=current_table(attempt.dataset),
    )
    told = _GENERATION.search(str(found.one()["comment"]))
    return int(told.group(1)) if told else 0


async def drop_foreign_next(attempt: Attempt) -> None:
    """Drop every next table of the dataset: called by who just took the lock, so none is in use.

    A publisher that was paused before its exchange then finds nothing to exchange.
    """
    names = await next_tables(attempt.analytics, attempt.dataset, comment=attempt.comment)
    for name in names:
        await attempt.run(f"DROP TABLE IF EXISTS {attempt.analytics.database}.{name} SYNC")


async def swap(attempt: Attempt, change: Change, *, generation: int, held: Held) -> None:
    """Make the change visible to all readers at once.

    Raises:
        AnalyticsUnavailable, QueryRejected: nothing is visible, or all is; the generation tells.
        LeaseLost: the dataset's lock is another publisher's now; nothing is visible.
    """
    following = attempt.table("next")
    await attempt.drop("next")
    await attempt.run(f"CREATE TABLE {following} CLONE AS {attempt.current}")
    await attempt.run(f"ALTER TABLE {following} MODIFY COMMENT 'generation={generation}'")
    if change.lost_keys is not None:
        parts = change.lost_keys.parts()
        ours = "_workspace = {workspace:String}"
        lost = [Lost(f"{ours} AND _key IN ({part.keys})", among=part.rows) for part in parts]
        await remove(attempt, following, lost)
    if change.arrivals is not None:
        await attempt.attach_all(source=change.arrivals, target=following)
    await check_room(attempt)
    await check_definition(attempt, "next", f"generation={generation}")
    await held.check()
    try:
        await attempt.run(f"EXCHANGE TABLES {following} AND {attempt.current}")
    except QueryRejected as fault:
        if fault.code == _UNKNOWN_TABLE:
            # Whoever took the lock after us dropped our next table.
            raise LeaseLost from fault
        raise
    await attempt.drop("next")
