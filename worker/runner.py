"""Where jobs run in this process: a few at once, each file once, and all of them stopped together.

Between whoever wakes a job (`main.py` through Valkey, the sweep when Valkey is away) and the jobs.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import structlog

from worker.context import Context
from worker.jobs import Job

logger = structlog.get_logger(__name__)


class Runner:
    """Runs jobs.

    Args:
        context: what jobs have at hand.
        jobs: every job by its name.
    """

    def __init__(self, context: Context, jobs: Mapping[str, Job]) -> None:
        self._context = context
        self._jobs = jobs
        self._slots = asyncio.Semaphore(context.settings.jobs_at_once)
        self._running: dict[tuple[str, UUID], asyncio.Task[None]] = {}

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
            task.add_done_callback(lambda _: self._running.pop(place, None))
        return task

    async def stop(self) -> None:
        """Cancel all jobs and wait until they have let go of their files."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: str, file_id: UUID) -> None:
        async with self._slots:
            try:
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
