"""Whether there is room, somebody works, and there is a backup."""

from datetime import timedelta
from typing import Final

from server.doctor.clocks import hold_clock
from server.doctor.finding import Ill
from server.doctor.systems import COMMENT
from server.operations.models import Operation
from server.operations.repository import BACKUP, DRAIN, WORKER, find_operation
from server.parts import Parts

# Merges and the swap of a large file need room beside what is there.
_FREE_SHARE: Final = 0.15
# A worker shows itself every fifteen seconds.
_WORKER_AWAY: Final = timedelta(seconds=90)
# A day, and the time a backup takes.
_BACKUP_OLD: Final = timedelta(hours=26)


async def check_disk(parts: Parts) -> None:
    """Ask ClickHouse how much room its disks have."""
    disks = await parts.analytics.query(
        "SELECT name, free_space, total_space FROM system.disks WHERE total_space > 0",
        comment=COMMENT,
    )
    for disk in disks.records():
        free, total = int(str(disk["free_space"])), int(str(disk["total_space"]))
        if free < _FREE_SHARE * total:
            finding = f"disk {disk['name']} has {free / 2**30:.1f} GiB of {total / 2**30:.1f} left"
            raise Ill(finding, "Give it more room; files fail with `analytics-unavailable` soon.")


async def check_worker(parts: Parts) -> None:
    """Look for the sign of life that every worker leaves in the database."""
    seen = await _noted(parts, WORKER)
    if seen is None or parts.clock() - seen.at > _WORKER_AWAY:
        finding = "no worker has shown itself lately, so files wait"
        raise Ill(finding, "See `docker compose ps worker` and its logs.")
    if seen.at > parts.clock():
        # A sign of life of a time to come: that worker takes files that others hold.
        hold_clock("a worker", seen.at, parts.clock())


async def check_draining(parts: Parts) -> None:
    """Tell when workers are kept from taking files: it is easily forgotten."""
    drain = await _noted(parts, DRAIN)
    if drain is not None:
        finding = f"workers take no files since {drain.at:%Y-%m-%d %H:%M} UTC"
        raise Ill(finding, "Run `tallydock drain --end` when the work is done.")


async def check_backup(parts: Parts) -> None:
    """Look for a backup of the last day."""
    backup = await _noted(parts, BACKUP)
    if backup is None:
        finding = "there has never been a backup"
        raise Ill(finding, "Run `./backup FOLDER` every night.")
    if parts.clock() - backup.at > _BACKUP_OLD:
        finding = f"the last backup is of {backup.at:%Y-%m-%d %H:%M} UTC"
        raise Ill(finding, "See why the nightly `./backup` does not end well.")


async def _noted(parts: Parts, name: str) -> Operation | None:
    async with parts.units.begin() as unit:
        return await find_operation(unit, name)
