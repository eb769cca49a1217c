"""The round that finds work nobody was told of; it needs the database only, not Valkey.

What a lost call, a lost event, a dead worker or an outage left behind is found here: files whose
bytes arrived, files that wait for a worker, leases that ran out, undos, and uploads that never
came. Every worker sweeps; finding the same thing twice is harmless, since claims and pins are
compare-and-sets, and whose write it was counts and tells of it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from server.errors import QueueUnavailable
from server.files.failures import DESTROYING
from server.files.lifecycle import Stage
from server.files.models import File
from server.telemetry.metrics import SWEEP_FOUND
from worker.context import Context
from worker.maintenance.abandoned import note_abandoned
from worker.maintenance.awaited import AwaitedFiles
from worker.maintenance.gauges import set_gauges
from worker.maintenance.rounds import Rounds
from worker.runner import Runner

logger = structlog.get_logger(__name__)

# Calls sent in one round; the oldest first, so that a backlog is worked off in order.
_CALLS_PER_ROUND: Final = 200
# Valkey that hangs must not hold up the round.
_WAKE_SECONDS: Final = 2.0

_WORKED_ON = [str(stage) for stage in (Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)]
_IS_TO_BE_UNDONE = (
    col(File.undo_requested_at).is_not(None),
    col(File.undone_at).is_(None),
    col(File.stage) == str(Stage.COMPLETED),
)


class Sweep:
    """Looks for lost work, every `settings.sweep_seconds`."""

    def __init__(self, context: Context, runner: Runner) -> None:
        self._context = context
        self._runner = runner
        self._awaited = AwaitedFiles(context)
        self._rounds = Rounds(
            "sweep",
            {
                "wake_queued": self._wake_queued,
                "wake_abandoned": self._wake_abandoned,
                "wake_undos": self._wake_undos,
                "destroy_refused": self._destroy_refused,
                "pin_arrived": self._awaited.pin_arrived,
                "give_up_overdue": self._awaited.give_up_overdue,
                "revive_late": self._awaited.revive_late,
                "set_gauges": self._set_gauges,
            },
        )

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(self._context.settings.sweep_seconds)

    async def round(self) -> None:
        """Look once for everything; a step that fails does not keep the others from running."""
        await self._rounds.go()

    async def _wake_queued(self) -> None:
        """Wake workers for files that wait and may be tried now."""
        now = self._context.clock()
        is_due = or_(col(File.not_before).is_(None), col(File.not_before) <= now)
        await self._wake("ingest", await self._find([col(File.stage) == str(Stage.QUEUED), is_due]))

    async def _wake_abandoned(self) -> None:
        """Wake workers for files and undos whose worker died."""
        is_over = col(File.lease_expires_at) < self._context.clock()
        files = await self._find([col(File.stage).in_(_WORKED_ON), is_over])
        undos = await self._find([*_IS_TO_BE_UNDONE, is_over])
        # Told once: until a worker has room for it, every round of every worker finds it again.
        for file_id in await note_abandoned(self._context, [*files, *undos]):
            SWEEP_FOUND.labels(kind="abandoned").inc()
            logger.warning("sweep.found", kind="abandoned", file_id=str(file_id))
        await self._wake("ingest", files)
        await self._wake("undo", undos)

    async def _wake_undos(self) -> None:
        """Wake workers for undos that were asked for and may be tried now."""
        is_due = or_(col(File.not_before).is_(None), col(File.not_before) <= self._context.clock())
        is_free = col(File.lease_expires_at).is_(None)
        await self._wake("undo", await self._find([*_IS_TO_BE_UNDONE, is_free, is_due]))

    async def _destroy_refused(self) -> None:
        """Remove the objects of files that held what may not be kept."""
        code = col(File.failure)["code"].as_string()
        found = await self._find(
            [
                col(File.stage) == str(Stage.FAILED),
                col(File.object_version).is_not(None),
                code.in_([str(code) for code in DESTROYING]),
            ]
        )
        for file_id in found:
            if await self._context.arrivals.destroy(file_id, "sweep") is not None:
                SWEEP_FOUND.labels(kind="refused").inc()
                logger.warning("sweep.found", kind="refused", file_id=str(file_id))

    async def _set_gauges(self) -> None:
        await set_gauges(self._context)

    async def _find(self, conditions: Sequence[ColumnElement[bool]]) -> list[UUID]:
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File.file_id)
                .where(*conditions)
                .order_by(col(File.uploaded_at), col(File.file_id))
                .limit(_CALLS_PER_ROUND)
            )
            return list(found)

    async def _wake(self, job: str, file_ids: Sequence[UUID]) -> None:
        """Call workers through Valkey; while it is away, run here what there is room for."""
        is_away = False
        for file_id in file_ids:
            if not is_away:
                try:
                    async with asyncio.timeout(_WAKE_SECONDS):
                        await self._context.queue.wake(job, file_id)
                except (QueueUnavailable, TimeoutError):
                    is_away = True
            if is_away:
                if self._runner.is_busy:
                    return
                _ = self._runner.start(job, file_id)
