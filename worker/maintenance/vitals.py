"""How the outside systems are, asked now and then, for the metrics; and that a worker lives.

A loop of its own beside the sweep: a system that hangs must not hold up what finds lost work.
Every worker asks, so whoever reads the metrics takes the worst (`min`) or the largest (`max`).
"""

import asyncio
from typing import Final

from sqlalchemy import text

from server.health import Health
from server.operations.repository import BACKUP, WORKER, find_operation, note_operation
from server.telemetry.metrics import DISK_FREE_BYTES, DISK_TOTAL_BYTES, LAST_BACKUP
from worker.context import Context
from worker.maintenance.rounds import Rounds

_PAUSE_SECONDS: Final = 15.0
_COMMENT: Final = "vitals"


class Vitals:
    """Sets the gauges about what the appliance stands on."""

    def __init__(self, context: Context) -> None:
        self._context = context
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
