"""The jobs: take a file, keep its lease while the work runs, and settle how it ended.

A job is woken by a call through Valkey (`main.py`) or by the sweep, and may be woken twice, late or
for nothing: the claim decides. Comes before `ingest/pipeline.py`; after it `outcomes.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import AdapterError
from server.files.claims import Claim, LeaseLost
from server.files.failures import FailureCode
from worker.context import Context
from worker.ingest import pipeline
from worker.ingest import undo as undoing
from worker.ingest.identical import wake_waiting
from worker.outcomes import given_up, settle, settle_undo

logger = structlog.get_logger(__name__)

Job = Callable[[Context, UUID], Awaitable[None]]

# A third: two renewals may be lost before the lease is.
_RENEWALS_PER_LEASE: Final = 3


async def ingest(context: Context, file_id: UUID) -> None:
    """Inspect, load and publish the file, if it waits for that."""
    claim = await context.claims.claim(file_id, _owner(context))
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(file_id=str(file_id), attempt=claim.attempt):
        try:
            await _run_leased(context, claim, _ingest_or_give_up(context, claim))
        except LeaseLost:
            logger.warning("lease.lost")
        except asyncio.CancelledError:
            await _put_back(context.claims.release, context, claim)
            raise
        except Exception as fault:  # noqa: BLE001 - the border: outcomes.py knows what becomes of it
            await _settle_or_leave(settle, context, claim, fault)
        else:
            await tidy(context, file_id)
        await _wake_waiting(context, claim)


async def _ingest_or_give_up(context: Context, claim: Claim) -> None:
    if claim.faults < context.settings.max_attempts:
        await pipeline.ingest(context, claim)
    # Its workers died every time: it may be what kills them. Asking what they left is harmless.
    elif not await pipeline.resume(context, claim):
        raise given_up(FailureCode.INTERNAL, claim.faults)


async def _wake_waiting(context: Context, claim: Claim) -> None:
    try:
        await wake_waiting(context, claim)
    except (SQLAlchemyError, OSError) as fault:
        # They come back by themselves, only later.
        logger.warning("waiting.not-woken", cause=type(fault).__name__)


async def undo(context: Context, file_id: UUID) -> None:
    """Take the file's rows back, if that was asked for."""
    claim = await context.claims.claim_undo(file_id, _owner(context))
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(file_id=str(file_id), attempt=claim.attempt):
        try:
            await _run_leased(context, claim, undoing.undo(context, claim))
        except LeaseLost:
            logger.warning("lease.lost")
        except asyncio.CancelledError:
            await _put_back(context.claims.release_undo, context, claim)
            raise
        except Exception as fault:  # noqa: BLE001 - the border: outcomes.py knows what becomes of it
            await _settle_or_leave(settle_undo, context, claim, fault)


async def tidy(context: Context, file_id: UUID) -> None:
    """Remove what was PUT to the file's URL after the pinned bytes; best effort."""
    try:
        removed = await context.arrivals.remove_later_versions(file_id, "sweep")
    except (AdapterError, SQLAlchemyError, OSError) as fault:
        logger.info("tidy.skipped", file_id=str(file_id), cause=type(fault).__name__)
        return
    if removed:
        logger.info("object.later-removed", file_id=str(file_id), count=removed)


JOBS = MappingProxyType({"ingest": ingest, "undo": undo, "tidy": tidy})
"""Every job by the name it is woken with."""


async def _run_leased(
    context: Context, claim: Claim, work: Coroutine[object, object, None]
) -> None:
    """Run the work while its lease is renewed; whichever ends first ends both.

    Raises:
        LeaseLost: the lease is another worker's now; the work was cancelled.
        TimeoutError: the work took longer than one attempt may; it was cancelled.
    """
    working = asyncio.create_task(work)
    renewing = asyncio.create_task(_renew(context, claim))
    both = {working, renewing}
    try:
        await asyncio.wait(
            both,
            timeout=context.settings.job_timeout_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if working.done():
            working.result()
        elif renewing.done():
            raise LeaseLost
        else:
            raise TimeoutError
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _renew(context: Context, claim: Claim) -> None:
    """Renew the lease until it is lost; the database may be away for as long as a lease lasts."""
    lease_seconds = context.settings.lease_seconds
    loop = asyncio.get_running_loop()
    renewed_at = loop.time()
    while True:
        await asyncio.sleep(lease_seconds / _RENEWALS_PER_LEASE)
        try:
            if not await context.claims.renew(claim):
                return
            renewed_at = loop.time()
        except (SQLAlchemyError, OSError) as fault:
            logger.warning("lease.not-renewed", cause=type(fault).__name__)
            if loop.time() - renewed_at > lease_seconds:
                return


async def _settle_or_leave(
    settling: Callable[[Context, Claim, Exception], Awaitable[None]],
    context: Context,
    claim: Claim,
    fault: Exception,
) -> None:
    try:
        await settling(context, claim, fault)
    except LeaseLost:
        logger.warning("lease.lost")
    except (SQLAlchemyError, OSError) as away:
        # The lease runs out, and the sweep of whichever worker is well finds the file.
        logger.warning("outcome.not-written", cause=type(away).__name__)


class _Release(Protocol):
    def __call__(
        self, claim: Claim, code: str, not_before: datetime, *, is_fault: bool
    ) -> Coroutine[object, object, None]: ...


async def _put_back(release: _Release, context: Context, claim: Claim) -> None:
    """Hand the file to the next worker at once, since this one is being stopped."""
    try:
        released = release(claim, "worker-stopped", context.clock(), is_fault=False)
        await asyncio.shield(asyncio.wait_for(released, timeout=2))
    except (LeaseLost, ValueError, SQLAlchemyError, OSError, TimeoutError):
        logger.info("lease.left")


def _owner(context: Context) -> str:
    # Unique to this run, so that two runs in one process fence each other too.
    return f"{context.worker_name[:60]}/{uuid4().hex[:12]}"
