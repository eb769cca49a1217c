"""One publisher per dataset at a time: a lock in the database that is lost by time.

A lock alone does not fence a paused publisher: whoever takes it first drops the
unfinished next tables of others, so that a stale swap finds nothing to swap.
"""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import col, select

from server.files.claims import DatasetBusy, LeaseLost
from server.files.models import DatasetLock
from server.unit_of_work import UnitOfWork
from worker.context import Context

logger = structlog.get_logger(__name__)

_POLL_SECONDS = 0.05
_RENEWALS_PER_LEASE = 3
# Longer than nearly every publication lasts, shorter than others should wait for the slot.
PATIENCE_SECONDS: Final = 5.0
RECONCILER: Final = "(reconciler)"
"""The lock of who puts things right, beside those of datasets; no dataset can have that name."""


@asynccontextmanager
async def dataset_lock(
    context: Context, dataset_type: str, owner: str, *, patience_seconds: float | None = None
) -> AsyncIterator["Held"]:
    """Hold the dataset's lock within the block, renewing it; waits until it is free.

    Args:
        context: the worker's.
        dataset_type: the dataset, or `RECONCILER`.
        owner: unique to this run.
        patience_seconds: how long to wait for it; None for as long as it takes.

    Raises:
        DatasetBusy: it was not free in that time.
    """
    lease = timedelta(seconds=context.settings.lease_seconds)
    await _ensure_row(context, dataset_type)
    loop = asyncio.get_running_loop()
    last = math.inf if patience_seconds is None else loop.time() + patience_seconds
    while not await _take(context, dataset_type, owner, lease):
        if loop.time() >= last:
            raise DatasetBusy
        await asyncio.sleep(_POLL_SECONDS)
    held = Held(context, dataset_type, owner)
    renewing = asyncio.create_task(_renew(context, dataset_type, owner, lease))
    try:
        yield held
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
        with contextlib.suppress(SQLAlchemyError, OSError):
            await asyncio.shield(_release(context, dataset_type, owner))


async def end_locks(context: Context) -> None:
    """Free every dataset: for who knows that no publisher lives."""
    async with context.units.begin() as unit:
        await unit.session.exec(update(DatasetLock).values(owner=None))


class Held:
    """A lock that is held, as far as this process knows."""

    def __init__(self, context: Context, dataset_type: str, owner: str) -> None:
        self._context = context
        self._dataset_type = dataset_type
        self._owner = owner

    async def check(self) -> None:
        """Return when the lock is still ours; called right before the swap.

        Raises:
            LeaseLost: this process was paused for longer than the lock lasts.
        """
        async with self._context.units.begin() as unit:
            found = await unit.session.get(DatasetLock, self._dataset_type)
            now = self._context.clock()
            if (
                found is None
                or found.owner != self._owner
                or found.expires_at is None
                or found.expires_at < now
            ):
                raise LeaseLost

    async def hold_until_commit(self, unit: UnitOfWork) -> None:
        """Make sure of the lock for the whole of a transaction: nobody takes it before its commit.

        What is written in it, the next holder of the lock sees.

        Raises:
            LeaseLost: the lock is another publisher's now.
        """
        kept = await unit.session.exec(
            update(DatasetLock)
            .where(
                col(DatasetLock.dataset_type) == self._dataset_type,
                col(DatasetLock.owner) == self._owner,
            )
            .values(owner=self._owner)
        )
        if not kept.rowcount:
            raise LeaseLost


async def _ensure_row(context: Context, dataset_type: str) -> None:
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(DatasetLock).where(DatasetLock.dataset_type == dataset_type)
        )
        if found.first() is not None:
            return
    with contextlib.suppress(IntegrityError):  # another worker was first
        async with context.units.begin() as unit:
            unit.session.add(DatasetLock(dataset_type=dataset_type))
            await unit.session.flush()


async def _take(context: Context, dataset_type: str, owner: str, lease: timedelta) -> bool:
    now = context.clock()
    async with context.units.begin() as unit:
        taken = await unit.session.exec(
            update(DatasetLock)
            .where(
                col(DatasetLock.dataset_type) == dataset_type,
                or_(col(DatasetLock.owner).is_(None), col(DatasetLock.expires_at) < now),
            )
            .values(owner=owner, expires_at=now + lease)
        )
        return bool(taken.rowcount)


async def _renew(context: Context, dataset_type: str, owner: str, lease: timedelta) -> None:
    while True:
        await asyncio.sleep(lease.total_seconds() / _RENEWALS_PER_LEASE)
        try:
            async with context.units.begin() as unit:
                await unit.session.exec(
                    update(DatasetLock)
                    .where(
                        col(DatasetLock.dataset_type) == dataset_type,
                        col(DatasetLock.owner) == owner,
                    )
                    .values(expires_at=context.clock() + lease)
                )
        except (SQLAlchemyError, OSError) as fault:
            # `check` before the swap decides; a lock that was lost swaps nothing.
            logger.warning("lock.not-renewed", cause=type(fault).__name__)


async def _release(context: Context, dataset_type: str, owner: str) -> None:
    async with context.units.begin() as unit:
        await unit.session.exec(
            update(DatasetLock)
            .where(col(DatasetLock.dataset_type) == dataset_type, col(DatasetLock.owner) == owner)
            .values(owner=None, expires_at=None)
        )
