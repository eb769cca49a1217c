"""Whether clocks agree: presigned URLs begin with a time and end with one."""

from datetime import UTC, datetime, timedelta
from typing import Final

from server.db.clock import database_time
from server.doctor.finding import Ill
from server.doctor.systems import COMMENT
from server.parts import Parts

# Minutes break signatures, seconds the order of files.
_SKEW: Final = timedelta(seconds=5)


async def check_clocks(parts: Parts) -> None:
    """Compare the clocks of the database and of ClickHouse with ours."""
    async with parts.engine.connect() as connection:
        said = await database_time(connection)
    hold_clock("the database", said, parts.clock())
    told = await parts.analytics.query(
        "SELECT toUnixTimestamp64Milli(now64(3)) AS at", comment=COMMENT
    )
    clickhouse = datetime.fromtimestamp(int(str(told.one()["at"])) / 1000, UTC)
    hold_clock("ClickHouse", clickhouse, parts.clock())


def hold_clock(name: str, there: datetime, here: datetime) -> None:
    """Compare a clock with ours.

    Raises:
        Ill: they differ by more than seconds.
    """
    skew = abs(there - here)
    if skew > _SKEW:
        finding = f"the clock of {name} differs by {skew.total_seconds():.0f} s"
        raise Ill(finding, "Let every machine follow the same time server (chrony, NTP).")
