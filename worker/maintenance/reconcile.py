"""The round that puts right what dead workers and outages left behind; slower than the sweep.

The sweep finds work that is to be done; here is what nobody will come back to: tables and rows of
dead attempts in ClickHouse, objects and rows that have lost each other, multipart uploads nobody
completes, and what is kept for a time only once that is over. Every worker does it; twice is
harmless.
"""

import asyncio
from functools import partial

from server.access.repository import AccessRepository
from server.settlements.mirror import mirror
from worker.context import Context
from worker.maintenance.dead_rows import DeadRows
from worker.maintenance.lost_rows import LostRows
from worker.maintenance.objects import Objects
from worker.maintenance.old_rows import OldRows
from worker.maintenance.parts import StaleParts
from worker.maintenance.retention import Retention
from worker.maintenance.rounds import Rounds, tell_repaired
from worker.maintenance.tables import drop_left_tables


class Reconciler:
    """Puts things right, every `settings.reconcile_seconds`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.objects = Objects(context)
        self._rounds = Rounds(
            "reconcile.interrupted",
            {
                "left_tables": partial(drop_left_tables, context),
                "dead_rows": DeadRows(context).delete,
                "old_rows": OldRows(context).remove,
                "lost_rows": LostRows(context).remove,
                "derived_objects": self.objects.remove_derived,
                "probes": self.objects.remove_probes,
                "objects_and_rows": self.objects.compare,
                "multipart_uploads": StaleParts(context).abort,
                "expired_access": self._delete_expired,
                "expired_originals": Retention(context).expire_originals,
                "old_history": Retention(context).prune_history,
                "settlement_sources": self._mirror_sources,
            },
        )

    async def run(self) -> None:
        """Put things right until cancelled."""
        while True:
            await asyncio.sleep(self._context.settings.reconcile_seconds)
            await self.round()

    async def round(self) -> None:
        """Go once through everything."""
        await self._rounds.go()

    async def _mirror_sources(self) -> None:
        # Whoever changed one told the copy, unless it died or ClickHouse was away.
        if count := await mirror(self._context.units, self._context.analytics):
            tell_repaired("settlement-source", count)

    async def _delete_expired(self) -> None:
        async with self._context.units.begin() as unit:
            removed = await AccessRepository(unit.session).delete_expired(self._context.clock())
        for kind, count in removed.items():
            if count:
                tell_repaired(kind, count)
