"""Where jobs run in this process: a few at once, each file once, and all of them stopped together.

Between whoever wakes a job (`main.py` through Valkey, the sweep when Valkey is away) and the jobs.
A call to ingest is a chance to work: which file is taken is decided by turns (`files/turns.py`),
and large files have a lane of their own, so that some slots are always left to small ones.
"""

import asyncio
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import QueueUnavailable
from server.files.lifecycle import Stage
from server.files.repository import find_file
from server.files.turns import Turn, next_turn
from server.unit_of_work import UnitOfWork
from worker.context import Context
from worker.jobs import Job

logger = structlog.get_logger(__name__)

_INGEST: Final = "ingest"
# arq forgets a call a moment after it has returned, and takes no second one before.
_FORGOTTEN_SECONDS: Final = 0.1


class Runner:
    """Runs jobs.

    Args:
        context: what jobs have at hand.
        jobs: every job by its name.
    """

    def __init__(self, context: Context, jobs: Mapping[str, Job]) -> None:
        settings = context.settings
        self._context = context
        self._jobs = jobs
        self._slots = asyncio.Semaphore(settings.jobs_at_once)
        self._running: dict[tuple[str, UUID], asyncio.Task[None]] = {}
        self._calling: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Lock()
        # One slot at least is left to small files, where there are two.
        self._large_free = min(settings.large_jobs_at_once, max(settings.jobs_at_once - 1, 1))

    @property
    def is_busy(self) -> bool:
        """Return whether a job that is started now would have to wait."""
        return len(self._running) >= self._context.settings.jobs_at_once

    async def run(self, job: str, file_id: UUID) -> None:
        """Run the job, or wait for the one that is running already; never raises its faults.

        Cancelling the wait leaves the job running: a connection that breaks must not stop work.
        """
        await asyncio.shield(self.start(job, file_id))

    def start(self, job: str, file_id: UUID) -> asyncio.Task[None]:
        """Start the job, or return the one that is running already."""
        place = (job, file_id)
        task = self._running.get(place)
        if task is None:
            task = asyncio.create_task(self._run(job, file_id), name=f"{job}:{file_id}")
            self._running[place] = task
            task.add_done_callback(self._forget)
        return task

    async def settle(self) -> None:
        """Wait until every job that was started has ended."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Cancel all jobs and wait until they have let go of their files."""
        tasks = [*self._running.values(), *self._calling]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: str, file_id: UUID) -> None:
        async with self._slots:
            try:
                if job == _INGEST:
                    await self._ingest(file_id)
                else:
                    await self._jobs[job](self._context, file_id)
            except Exception as fault:  # noqa: BLE001 - a job that fails must not stop the others
                # Jobs settle their own faults: what comes here is the database being away, before
                # a claim. The file's row is unchanged, and the sweep comes back to it.
                logger.warning(
                    "job.interrupted",
                    job=job,
                    file_id=str(file_id),
                    cause=type(fault).__name__,
                )

    async def _ingest(self, called: UUID) -> None:
        # One at a time: two calls must not see the same file waiting.
        async with self._turns:
            turn = await self._turn(called)
            if turn is None:
                return
            is_large = self._is_large(turn)
            self._large_free -= is_large
            self._running[_INGEST, turn.file_id] = self._running.pop((_INGEST, called))
        try:
            await self._jobs[_INGEST](self._context, turn.file_id)
        finally:
            self._large_free += is_large
        self._call_next()

    async def _turn(self, called: UUID) -> Turn | None:
        async with self._context.units.begin() as unit:
            file = await find_file(unit, called)
            if file is None:
                return None
            if file.is_at is not Stage.QUEUED:
                # Its worker died, or the call is late: the claim knows.
                turn = Turn(called, file.size_bytes or 0)
                return turn if self._large_free or not self._is_large(turn) else None
            return await self._next(unit)

    async def _next(self, unit: UnitOfWork) -> Turn | None:
        settings = self._context.settings
        return await next_turn(
            unit,
            self._context.clock(),
            per_workspace=settings.jobs_per_workspace,
            most_bytes=None if self._large_free else settings.large_file_bytes,
        )

    def _is_large(self, turn: Turn) -> bool:
        return turn.size_bytes > self._context.settings.large_file_bytes

    def _call_next(self) -> None:
        """Call for the next file: one whose call came when its lane was full has none any more."""
        task = asyncio.create_task(self._call())
        self._calling.add(task)
        task.add_done_callback(self._calling.discard)

    async def _call(self) -> None:
        await asyncio.sleep(_FORGOTTEN_SECONDS)
        try:
            async with self._context.units.begin() as unit:
                turn = await self._next(unit)
            if turn is not None:
                await self._context.queue.wake(_INGEST, turn.file_id)
        except (QueueUnavailable, SQLAlchemyError, OSError) as fault:
            logger.info("turn.not-called", cause=type(fault).__name__)

    def _forget(self, task: asyncio.Task[None]) -> None:
        for place in [place for place, other in self._running.items() if other is task]:
            del self._running[place]
