"""How the outside systems are, asked now and then, for the metrics; and that a worker lives.

A loop of its own beside the sweep: a system that hangs must not hold up what finds lost work.
Every worker asks, so whoever reads the metrics takes the worst (`min`) or the largest (`max`).
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text

from server.db.clock import database_time
from server.health import Health
from server.operations.repository import BACKUP, WORKER, find_operation, note_operation
from server.telemetry.metrics import (
    CLOCK_AHEAD_SECONDS,
    DISK_FREE_BYTES,
    DISK_TOTAL_BYTES,
    LAST_BACKUP,
)
from worker.context import Context
from worker.maintenance.rounds import Rounds

logger = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 15.0
# The doctor's too: seconds decide about the order of files, a lease's length about who holds them.
_SKEW: Final = timedelta(seconds=5)
_COMMENT: Final = "vitals"


class Vitals:
    """Sets the gauges about what the appliance stands on."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._is_off = False
        self._health = Health(
            {
                "database": self._ping_database,
                "queue": context.queue.ping,
                "storage": context.storage.ping,
                "analytics": context.analytics.ping,
            }
        )
        self._rounds = Rounds(
            "vitals",
            {
                "clock": self._compare_clocks,
                "dependencies": self._ask_dependencies,
                "disks": self._measure_disks,
                "backup": self._tell_backup,
                "sign_of_life": self._show_itself,
            },
        )

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def round(self) -> None:
        """Ask once."""
        await self._rounds.go()

    async def _ping_database(self) -> None:
        async with self._context.units.begin() as unit:
            await (await unit.session.connection()).execute(text("SELECT 1"))

    async def _compare_clocks(self) -> None:
        """Compare our clock with the database's, by which all workers' leases can be held."""
        asked_at = self._context.clock()
        async with self._context.units.begin() as unit:
            there = await database_time(await unit.session.connection())
        answered_at = self._context.clock()
        # What the way there and back takes is no difference.
        ahead = max(asked_at - there, timedelta()) + min(answered_at - there, timedelta())
        CLOCK_AHEAD_SECONDS.set(ahead.total_seconds())
        is_off = abs(ahead) > _SKEW
        if is_off and not self._is_off:
            # Ahead by more than a lease, this worker takes files and locks that others hold.
            logger.error(
                "clock.differs",
                ahead_seconds=round(ahead.total_seconds()),
                lease_seconds=self._context.settings.lease_seconds,
                advice="Let every machine follow the same time server (chrony, NTP).",
            )
        elif self._is_off and not is_off:
            logger.info("clock.agrees-again")
        self._is_off = is_off

    async def _ask_dependencies(self) -> None:
        await self._health.readiness()

    async def _tell_backup(self) -> None:
        async with self._context.units.begin() as unit:
            last = await find_operation(unit, BACKUP)
        LAST_BACKUP.set(last.at.timestamp() if last is not None else 0)

    async def _show_itself(self) -> None:
        async with self._context.units.begin() as unit:
            await note_operation(unit, WORKER, self._context.clock())

    async def _measure_disks(self) -> None:
        disks = await self._context.analytics.query(
            "SELECT name, free_space, total_space FROM system.disks WHERE total_space > 0",
            comment=_COMMENT,
        )
        for disk in disks.records():
            name = str(disk["name"])
            DISK_FREE_BYTES.labels(disk=name).set(int(str(disk["free_space"])))
            DISK_TOTAL_BYTES.labels(disk=name).set(int(str(disk["total_space"])))
