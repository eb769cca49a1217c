"""Which version a database was brought to, and bringing it to this one: forward only.

Revisions of the tables can lose what an earlier version wrote, and no version knows the tables of
a later one. So a database is never handed back: the way back is the backup made before.
"""

from typing import Final

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from server.clock import Clock
from server.db.migrate import migrate, newest_revision
from server.operations.models import Installation
from server.operations.repository import newest_installation, note_installation
from server.unit_of_work import UnitsOfWork
from server.version import VERSION

# What is tested: data of the two minor versions before this one.
_MINORS: Final = 2


class VersionRefused(Exception):
    """The database stays as it is; the text says why and what to do, for a person."""


async def bring_up(
    engine: AsyncEngine, units: UnitsOfWork, metadata: MetaData, clock: Clock
) -> None:
    """Run the revisions that have not run yet, and note this version. Idempotent.

    Args:
        engine: the database.
        units: maker of transactions on it.
        metadata: all tables.
        clock: the time.

    Raises:
        VersionRefused: a later version was here, or one that is too old.
    """
    earlier = await _earlier(engine, units)
    if earlier is not None:
        check_step(earlier)
    await migrate(engine, metadata)
    async with units.begin() as unit:
        await note_installation(unit, VERSION, newest_revision(), clock())


def check_step(earlier: str, here: str = VERSION) -> None:
    """Hold the step from one version to another to what is allowed.

    Raises:
        VersionRefused: it goes back, or leaves out too many versions.
    """
    before, after = _numbers(earlier), _numbers(here)
    if before > after:
        message = (
            f"This is version {here}, and version {earlier} has run on this database. It is not"
            f" taken back: run {earlier} or later, or restore the backup made before the upgrade."
        )
        raise VersionRefused(message)
    if before[0] != after[0] or after[1] - before[1] > _MINORS:
        message = (
            f"From version {earlier} to {here} is too far in one step. Upgrade to a version in"
            f" between first: at most {_MINORS} minor versions at once."
        )
        raise VersionRefused(message)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".")[:3])


async def _earlier(engine: AsyncEngine, units: UnitsOfWork) -> str | None:
    """Return the version that ran last; None for an empty database, or one before versions."""

    def has_table(connection: Connection) -> bool:
        return inspect(connection).has_table(str(Installation.__tablename__))

    async with engine.connect() as connection:
        if not await connection.run_sync(has_table):
            return None
    async with units.begin() as unit:
        found = await newest_installation(unit)
    return found.version if found is not None else None
