"""Whether ClickHouse is rewriting parts of a table: a mutation is started, and looked for later.

Who waits for one waits for as long as the rewriting takes, and the connection it waits on falls
silent meanwhile. A mutation goes on by itself, also over a restart of ClickHouse.
"""

from typing import Final

from server.errors import AnalyticsUnavailable
from worker.context import Context

_COMMENT: Final = "maintenance:mutations"


async def is_rewritten(context: Context, table: str) -> bool:
    """Return whether a mutation of the table is under way; its next one would wait for it.

    Raises:
        AnalyticsUnavailable: no answer, or a mutation fails, and ClickHouse tries it again.
    """
    found = await context.analytics.query(
        "SELECT count() AS running, countIf(latest_fail_reason != '') AS failing"
        " FROM system.mutations WHERE database = {database:String} AND table = {table:String}"
        " AND NOT is_done",
        parameters={"database": context.analytics.database, "table": table},
        comment=_COMMENT,
    )
    told = found.one()
    if int(str(told["failing"])):
        detail = f"a mutation of {table} fails; system.mutations says why"
        raise AnalyticsUnavailable(detail)
    return bool(int(str(told["running"])))
