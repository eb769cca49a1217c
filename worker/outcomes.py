"""What becomes of a file when a job raises: the one place that turns exceptions into an end.

The file's fault ends it as Failed. A fault of ours is tried again, later and later, until the
settings' number of attempts; only then it ends as Failed, and an operator can retry it. An outage
is waited out, for days. Comes after `jobs.py`; what is put back is found by `maintenance/sweep.py`
when its time has come.
"""

import contextlib
import random
import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from server.errors import (
    AdapterError,
    AnalyticsUnavailable,
    ObjectMissing,
    QueryRejected,
    StorageUnavailable,
)
from server.files.claims import Claim, DatasetBusy
from server.files.failures import DESTROYING, FailureCode, FileFailed
from server.files.lifecycle import Stage
from server.files.unfinished import MayBeVisible
from server.settings import Settings
from server.telemetry.metrics import INGEST_RETRIES
from worker.context import Context

logger = structlog.get_logger(__name__)

# Longer waits would leave a file lying about after an outage is over.
_LONGEST_WAIT: Final = timedelta(minutes=5)
# While another file is published: a file that has waited long waits a little longer each time.
_SHORTEST_TURN: Final = timedelta(seconds=2)
_LONGEST_TURN: Final = timedelta(seconds=30)
_OF_ITS_AGE: Final = 0.1
_BUSY: Final = "dataset-busy"
_OUTAGES: Final = frozenset({FailureCode.STORAGE_UNAVAILABLE, FailureCode.ANALYTICS_UNAVAILABLE})


@dataclass(frozen=True)
class Ended:
    """The file ends as Failed."""

    failure: FileFailed


@dataclass(frozen=True)
class PutBack:
    """A fault of ours, or an outage: the file is tried again after a while."""

    code: FailureCode
    wait: timedelta
    is_outage: bool = False


def judge(fault: Exception, claim: Claim, stage: Stage, settings: Settings) -> Ended | PutBack:
    """Return what becomes of the file.

    Args:
        fault: what the attempt raised.
        claim: the attempt, with the faults and outages before it.
        stage: how far it came.
        settings: numbers of attempts, first wait.
    """
    if isinstance(fault, FileFailed):
        return Ended(fault)
    code = _code_of(fault)
    # What is not in the store will not come back by waiting.
    if code is FailureCode.OBJECT_MISSING:
        return Ended(FileFailed(code))
    wait = wait_before_retry(claim.faults + claim.outages, settings)
    # Met at the beginning it says nothing of the file. What goes away later may do so because of
    # the file, and takes others with it each time.
    is_outage = code in _OUTAGES and stage is Stage.INSPECTING
    if is_outage and claim.outages + 1 < settings.max_outages:
        return PutBack(code, wait, is_outage=True)
    if is_outage or claim.faults + 1 >= settings.max_attempts:
        return Ended(given_up(code, claim.faults + claim.outages + 1))
    return PutBack(code, wait)


def wait_before_retry(times: int, settings: Settings) -> timedelta:
    """Return how long to wait: doubling, give or take a quarter, up to five minutes.

    Args:
        times: it was put back before.
        settings: the first wait.
    """
    # Jitter, so that files that failed together do not come back together.
    jitter = random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, keeps no secret
    seconds = settings.retry_base_seconds * 2 ** min(times, 20) * jitter
    return min(timedelta(seconds=seconds), _LONGEST_WAIT)


def given_up(code: FailureCode, attempts: int) -> FileFailed:
    """Return the failure of a file that was tried as often as the settings allow."""
    return FileFailed(code, f"Given up after {attempts} attempts; the file is not to blame.")


async def settle(context: Context, claim: Claim, fault: Exception) -> None:
    """Write what becomes of a file whose ingest raised.

    Raises:
        LeaseLost: another worker has the file; nothing is written.
    """
    if isinstance(fault, DatasetBusy):
        await context.claims.release(claim, _BUSY, _next_turn(context, claim), is_fault=False)
        return
    # Nothing has moved the file since, or this raises.
    stage = await context.claims.stage_before(claim, Stage.QUEUED, None)
    match judge(fault, claim, stage, context.settings):
        case Ended(failure):
            try:
                await context.claims.fail(claim, failure)
            except MayBeVisible:
                # The next attempt begins with asking for them, and completes the file if they are.
                await _put_back(context, claim, fault, PutBack(failure.code, _LONGEST_WAIT))
                return
            if failure.code in DESTROYING:
                # First the word, then the deed: cut off in between, the sweep does it.
                with contextlib.suppress(AdapterError):
                    await context.arrivals.destroy(claim.file_id, context.claims.actor)
            if failure.is_ours:
                logger.error("ingest.given-up", code=failure.code, **_facts_of(fault))
        case PutBack() as verdict:
            await _put_back(context, claim, fault, verdict)


async def _put_back(context: Context, claim: Claim, fault: Exception, verdict: PutBack) -> None:
    code, is_outage = verdict.code, verdict.is_outage
    not_before = context.clock() + verdict.wait
    await context.claims.release(
        claim, code, not_before, is_fault=not is_outage, is_outage=is_outage
    )
    INGEST_RETRIES.labels(code=code).inc()
    seconds = round(verdict.wait.total_seconds(), 1)
    logger.warning("ingest.put-back", code=code, wait_seconds=seconds, **_facts_of(fault))


async def settle_undo(context: Context, claim: Claim, fault: Exception) -> None:
    """Put off an undo that raised; it stays asked for, however often it takes.

    Raises:
        LeaseLost: another worker has the file; nothing is written.
    """
    if isinstance(fault, DatasetBusy):
        not_before = context.clock() + _SHORTEST_TURN
        await context.claims.release_undo(claim, _BUSY, not_before, is_fault=False)
        return
    code = fault.code if isinstance(fault, FileFailed) else _code_of(fault)
    wait = wait_before_retry(claim.faults, context.settings)
    await context.claims.release_undo(claim, code, context.clock() + wait)
    INGEST_RETRIES.labels(code=code).inc()
    seconds = round(wait.total_seconds(), 1)
    if claim.faults + 1 == context.settings.max_attempts:
        logger.error("undo.put-back", code=code, wait_seconds=seconds, **_facts_of(fault))
    else:
        logger.warning("undo.put-back", code=code, wait_seconds=seconds, **_facts_of(fault))


def _next_turn(context: Context, claim: Claim) -> datetime:
    now = context.clock()
    age = now - claim.uploaded_at
    return now + min(max(age * _OF_ITS_AGE, _SHORTEST_TURN), _LONGEST_TURN)


def _code_of(fault: Exception) -> FailureCode:
    match fault:
        case ObjectMissing():
            return FailureCode.OBJECT_MISSING
        case StorageUnavailable():
            return FailureCode.STORAGE_UNAVAILABLE
        case AnalyticsUnavailable():
            return FailureCode.ANALYTICS_UNAVAILABLE
        case _:
            return FailureCode.INTERNAL


def _facts_of(fault: Exception) -> dict[str, object]:
    """Return what a log may tell of an exception: its text may quote a cell or a signed URL."""
    frames = traceback.extract_tb(fault.__traceback__)[-4:]
    where = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames]
    told: dict[str, object] = {"error": type(fault).__name__, "where": where}
    if isinstance(fault, QueryRejected):
        told["clickhouse_code"] = fault.code
    if isinstance(fault, AdapterError) and fault.__cause__ is not None:
        told["cause"] = type(fault.__cause__).__name__
    return told
