"""Whether ClickHouse's disks have room: asked before work begins, and before anything is swapped.

A disk that is full to the last byte is more than a refusal: the engine was seen to answer "done"
while the definition of a table, or a file of a part, was cut to nothing. An empty definition keeps
the engine from starting again, so it must never come to stand for the table readers see.
"""

from typing import Final

from server.errors import AnalyticsUnavailable
from worker.ingest.attempt import Attempt

# What the engine itself reserves for an insert is 1 MiB; merges of others go on meanwhile.
_ROOM_BYTES: Final = 128 * 2**20


async def check_room(attempt: Attempt) -> None:
    """Return when every disk of ClickHouse has room.

    Raises:
        AnalyticsUnavailable: one has none; to be tried again.
    """
    found = await attempt.query("SELECT min(free_space) AS free FROM system.disks")
    if int(str(found.one()["free"])) < _ROOM_BYTES:
        message = "ClickHouse's disk is full"
        raise AnalyticsUnavailable(message)


async def check_definition(attempt: Attempt, purpose: str, words: str) -> None:
    """Return when the definition of one of the attempt's tables, as it is on disk, says so.

    Args:
        attempt: names the table.
        purpose: which of its tables.
        words: what the definition has to hold.

    Raises:
        AnalyticsUnavailable: it was not written whole.
    """
    found = await attempt.query(
        "SELECT position(create_table_query, {words:String}) > 0 AS holds FROM system.tables"
        " WHERE database = {database:String} AND name = {name:String}",
        words=words,
        database=attempt.analytics.database,
        name=attempt.bare_table(purpose),
    )
    # A table that is gone is told by the exchange: whoever took the lock dropped it.
    if found.rows and not found.one()["holds"]:
        message = "ClickHouse did not write a table's definition"
        raise AnalyticsUnavailable(message)
