"""The round that puts right what dead workers and outages left behind; slower than the sweep.

The sweep finds work that is to be done; here is what nobody will come back to: tables and rows of
dead attempts in ClickHouse, objects and rows that have lost each other, multipart uploads nobody
completes, and what is kept for a time only once that is over. Every worker does it, one at a time:
what two found at once would be told and counted twice.
"""

import asyncio
import random
from functools import partial
from typing import Final
from uuid import uuid4

from server.access.repository import AccessRepository
from server.files.attempt import DatasetBusy
from server.settlements.mirror import mirror
from worker.context import Context
from worker.ingest.dataset_lock import RECONCILER, dataset_lock
from worker.maintenance.dead_rows import DeadRows
from worker.maintenance.lost_rows import LostRows
from worker.maintenance.objects import Objects
from worker.maintenance.old_rows import OldRows
from worker.maintenance.parts import StaleParts
from worker.maintenance.retention import Retention
from worker.maintenance.rounds import Rounds, tell_repaired
from worker.maintenance.tables import drop_left_tables
from worker.maintenance.undo_limits import UndoLimits

# Workers that were started together must not come together for ever.
_JITTER: Final = 0.2


class Reconciler:
    """Puts things right, every `settings.reconcile_seconds`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.objects = Objects(context)
        self._is_others = False
        self._alone = Rounds("reconcile", {"turn": self._take_turn})
        self._rounds = Rounds(
            "reconcile",
            {
                "left_tables": partial(drop_left_tables, context),
                "dead_rows": DeadRows(context).delete,
                "old_rows": OldRows(context).remove,
                "undo_limits": UndoLimits(context).follow_setting,
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
            pause = self._context.settings.reconcile_seconds
            chance = random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - nothing secret
            await asyncio.sleep(pause * chance)
            await self.round()

    async def round(self) -> bool:
        """Go once through everything; leave it, and return False, when another worker is at it."""
        self._is_others = False
        await self._alone.go()
        return not self._is_others

    async def _take_turn(self) -> None:
        owner = f"{self._context.worker_name[:60]}/{uuid4().hex[:12]}"
        try:
            async with dataset_lock(self._context, RECONCILER, owner, patience_seconds=0):
                await self._rounds.go()
        except DatasetBusy:
            self._is_others = True

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
