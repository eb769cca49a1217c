"""Units of work that join the transaction of their request, when it has one.

Normally `begin()` is a transaction of its own. While a request with an idempotency key is answered
(`idempotency.py`), it is a part of that request's one transaction, so that what the handler wrote
and the answer kept for the next try are durable together or not at all. A part that fails is taken
back alone, like a transaction of its own.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from server.db.engine import Sessions
from server.queue import Queue
from server.unit_of_work import UnitOfWork, UnitsOfWork


class _Open:
    """The request's unit of work, while its answer is in the making.

    Closed afterwards, so that a task the handler left behind begins transactions of its own.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        self.unit = unit
        self.is_open = True
        self.has_parts = False
        """True once a part is done, which a later one that fails must leave alone."""


_request: ContextVar[_Open | None] = ContextVar("request_unit", default=None)


class RequestUnits(UnitsOfWork):
    """Maker of units of work that join; one per process, for the server."""

    def __init__(self, sessions: Sessions, queue: Queue) -> None:
        super().__init__(sessions, queue)
        self._wake_through = queue

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction, or a savepoint in the request's; see UnitsOfWork.begin."""
        joined = _request.get()
        if joined is None or not joined.is_open:
            async with super().begin() as unit:
                yield unit
            return
        unit = _JoinedUnit(joined.unit, self._wake_through)
        if joined.has_parts and await _is_begun(unit.session):
            async with unit.session.begin_nested():
                yield unit
                await unit.commit()
            return
        try:
            yield unit
            await unit.commit()
        except BaseException:
            await unit.session.rollback()
            raise
        joined.has_parts = True

    @contextmanager
    def joining(self, unit: UnitOfWork) -> Iterator[None]:
        """Let every `begin()` of this block's task join the unit."""
        entry = _Open(unit)
        token = _request.set(entry)
        try:
            yield
        finally:
            entry.is_open = False
            _request.reset(token)


async def _is_begun(session: AsyncSession) -> bool:
    """Return whether a savepoint would be inside of a transaction.

    On SQLite the transaction begins with the first write, so that a slow handler does not lock
    others out; a savepoint before that would be a transaction by itself.
    """
    connection = await (await session.connection()).get_raw_connection()
    return bool(getattr(connection.driver_connection, "in_transaction", True))


class _JoinedUnit(UnitOfWork):
    """Hands its wake-up calls and tellings to the request's unit, which commits."""

    def __init__(self, outer: UnitOfWork, queue: Queue) -> None:
        super().__init__(outer.session, queue)
        self._outer = outer
        self._waiting: list[tuple[str, UUID]] = []
        self._untold: list[Callable[[], None]] = []

    def wake_after_commit(self, job: str, file_id: UUID) -> None:
        """See UnitOfWork."""
        self._waiting.append((job, file_id))

    def tell_after_commit(self, telling: Callable[[], None]) -> None:
        """See UnitOfWork."""
        self._untold.append(telling)

    async def commit(self) -> None:
        """Write to the request's transaction; it is durable when that is."""
        await self.session.flush()
        waiting, self._waiting = self._waiting, []
        for job, file_id in waiting:
            self._outer.wake_after_commit(job, file_id)
        untold, self._untold = self._untold, []
        for telling in untold:
            self._outer.tell_after_commit(telling)
