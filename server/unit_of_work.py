"""One request or one job step is one transaction; wake-up calls leave after the commit.

The only place that commits. When the queue is down after the commit, that is logged and forgotten:
the row is the truth, and the sweep finds it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from server.db.engine import Sessions
from server.errors import QueueUnavailable
from server.queue import Queue

logger = structlog.get_logger(__name__)


class UnitOfWork:
    """A transaction and the wake-up calls that leave once it is committed."""

    def __init__(self, session: AsyncSession, queue: Queue) -> None:
        self.session = session
        self._queue = queue
        self._calls: list[tuple[str, UUID]] = []
        self._tellings: list[Callable[[], None]] = []

    def wake_after_commit(self, job: str, file_id: UUID) -> None:
        """Announce work on the file once this transaction is durable."""
        self._calls.append((job, file_id))

    def tell_after_commit(self, telling: Callable[[], None]) -> None:
        """Call this once the transaction is durable: what logs and metrics say must be so."""
        self._tellings.append(telling)

    async def commit(self) -> None:
        """Commit, then tell logs and metrics, and send the wake-up calls."""
        await self.session.commit()
        tellings, self._tellings = self._tellings, []
        for telling in tellings:
            telling()
        calls, self._calls = self._calls, []
        for job, file_id in calls:
            try:
                await self._queue.wake(job, file_id)
            except QueueUnavailable:
                logger.warning("queue.unavailable", job=job, file_id=str(file_id))


class UnitsOfWork:
    """Maker of units of work; one per process."""

    def __init__(self, sessions: Sessions, queue: Queue) -> None:
        self._sessions = sessions
        self._queue = queue

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction; committed at the end of the block, rolled back on an exception."""
        async with self._sessions() as session:
            unit = UnitOfWork(session, self._queue)
            try:
                yield unit
            except BaseException:
                await session.rollback()
                raise
            await unit.commit()
