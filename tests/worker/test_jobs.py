"""Jobs: one attempt under a lease, and what becomes of the file when it raises."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from server.errors import (
    AnalyticsUnavailable,
    ObjectMissing,
    QueryRejected,
    StorageUnavailable,
)
from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome, Stage, Status
from server.settings import Settings
from tests.fixtures.files import ALICE, Desk
from tests.fixtures.ingest import claim_of
from tests.fixtures.worker import ToldPipeline, import_it, last_for_ever
from worker import jobs
from worker.context import Context
from worker.outcomes import Ended, PutBack, judge, wait_before_retry


async def test_a_file_that_waits_is_ingested(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()

    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert (row.is_at, row.ended_as, row.attempt) == (Stage.COMPLETED, Outcome.IMPORTED, 1)


async def test_a_job_that_comes_for_nothing_does_nothing(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    await jobs.ingest(context, file_id)

    await jobs.ingest(context, file_id)
    await jobs.undo(context, file_id)
    await jobs.ingest(context, uuid4())

    assert len(told.claims) == 1


async def test_of_two_jobs_at_the_same_time_one_works(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()

    await asyncio.gather(jobs.ingest(context, file_id), jobs.ingest(context, file_id))

    assert len(told.claims) == 1


async def test_the_files_fault_ends_it(desk: Desk, context: Context, told: ToldPipeline) -> None:
    file_id = await desk.send_and_pin()
    told.will_raise(FileFailed(FailureCode.HEADER_MISMATCH, missing=["amount"]))

    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert (row.is_at, row.ended_as) == (Stage.FAILED, Outcome.FAILED)
    assert row.failure is not None
    assert (row.failure["retryable"], row.failure["missing"]) == (False, ["amount"])


async def test_our_fault_is_tried_again_and_given_up_in_the_end(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    told.will_raise(QueryRejected(241, "no memory"))

    for attempt in range(1, desk.settings.max_attempts):
        await jobs.ingest(context, file_id)
        row = await desk.row(file_id)
        assert (row.is_at, row.faults, row.attempt) == (Stage.QUEUED, attempt, attempt)
        assert row.not_before is not None
        assert row.not_before > desk.clock.now
        desk.clock.turn(minutes=5)
    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert row.is_at is Stage.FAILED
    assert row.failure is not None
    assert (row.failure["code"], row.failure["retryable"]) == ("internal", True)


async def test_an_outage_is_waited_out_however_many_attempts_it_takes(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    begun = desk.clock.now
    for fault in [AnalyticsUnavailable("away"), StorageUnavailable("away")] * 15:
        told.will_raise(fault)
        await jobs.ingest(context, file_id)
        row = await desk.row(file_id)
        assert (row.is_at, row.faults) == (Stage.QUEUED, 0)
        assert row.not_before is not None
        assert desk.clock.now < row.not_before <= desk.clock.now + timedelta(minutes=5)
        desk.clock.now = row.not_before
    assert desk.clock.now - begun > timedelta(hours=1.5)
    told.work = import_it

    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert (row.is_at, row.ended_as, row.outages) == (Stage.COMPLETED, Outcome.IMPORTED, 0)


async def test_an_outage_without_end_ends_the_file(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    told.will_raise(AnalyticsUnavailable("away"))
    await desk.set(file_id, outages=desk.settings.max_outages - 1)

    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert row.is_at is Stage.FAILED
    assert row.failure is not None
    assert (row.failure["code"], row.failure["retryable"]) == ("analytics-unavailable", True)


async def test_an_operator_can_retry_what_was_given_up(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    told.will_raise(ObjectMissing("gone"))
    await jobs.ingest(context, file_id)
    told.work = import_it

    await desk.service.reprocess(ALICE, file_id)
    await jobs.ingest(context, file_id)

    assert (await desk.row(file_id)).is_at.status is Status.COMPLETED


async def test_a_file_that_kills_its_workers_ends(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    for owner in range(desk.settings.max_attempts):
        assert await desk.claims.claim(file_id, f"killed-{owner}") is not None
        desk.clock.turn(seconds=31)

    await jobs.ingest(context, file_id)

    row = await desk.row(file_id)
    assert row.is_at is Stage.FAILED
    assert row.failure is not None
    assert row.failure["code"] == "internal"
    assert told.claims == []


async def test_work_stops_when_its_lease_is_lost(
    desk: Desk,
    context: Context,
    told: ToldPipeline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "_RENEWALS_PER_LEASE", 600)
    file_id = await desk.send_and_pin()
    told.work = last_for_ever
    running = asyncio.create_task(jobs.ingest(context, file_id))
    await told.has_begun.wait()

    await desk.set(file_id, lease_owner="another", attempt=2)
    async with asyncio.timeout(5):
        await running

    assert told.was_cancelled.is_set()
    row = await desk.row(file_id)
    assert (row.is_at, row.lease_owner, row.attempt) == (Stage.INSPECTING, "another", 2)


async def test_a_worker_that_is_stopped_hands_its_file_back(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    told.work = last_for_ever
    running = asyncio.create_task(jobs.ingest(context, file_id))
    await told.has_begun.wait()

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    row = await desk.row(file_id)
    assert (row.is_at, row.faults, row.lease_owner) == (Stage.QUEUED, 0, None)
    assert await desk.claims.claim(file_id, "next") is not None


async def test_an_attempt_that_takes_too_long_is_put_back(
    desk: Desk, context: Context, told: ToldPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = context.settings.model_copy(update={"job_timeout_seconds": 0.05})
    context = Context(**{**vars(context), "settings": impatient})
    file_id = await desk.send_and_pin()
    told.work = last_for_ever

    await jobs.ingest(context, file_id)

    assert told.was_cancelled.is_set()
    row = await desk.row(file_id)
    assert (row.is_at, row.faults) == (Stage.QUEUED, 1)


async def test_an_undo_that_raises_stays_asked_for(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    await jobs.ingest(context, file_id)
    await desk.service.undo(ALICE, file_id)
    told.will_raise(AnalyticsUnavailable("away"))

    for _ in range(desk.settings.max_attempts + 2):
        await jobs.undo(context, file_id)
        desk.clock.turn(minutes=5)

    row = await desk.row(file_id)
    assert (row.is_at, row.undone_at) == (Stage.COMPLETED, None)
    assert row.faults == desk.settings.max_attempts + 2
    assert row.lease_owner is None


@pytest.mark.parametrize(
    ("fault", "stage", "faults", "code", "is_ended"),
    [
        (FileFailed(FailureCode.EMPTY_FILE), Stage.INSPECTING, 0, "empty-file", True),
        (FileFailed(FailureCode.OBJECT_CHANGED), Stage.LOADING, 2, "object-changed", True),
        (ObjectMissing("gone"), Stage.INSPECTING, 0, "object-missing", True),
        (StorageUnavailable("away"), Stage.INSPECTING, 2, "storage-unavailable", False),
        (StorageUnavailable("away"), Stage.LOADING, 1, "storage-unavailable", False),
        (StorageUnavailable("away"), Stage.LOADING, 2, "storage-unavailable", True),
        (AnalyticsUnavailable("away"), Stage.INSPECTING, 2, "analytics-unavailable", False),
        (AnalyticsUnavailable("away"), Stage.PUBLISHING, 2, "analytics-unavailable", True),
        (QueryRejected(62, "syntax"), Stage.LOADING, 0, "internal", False),
        (QueryRejected(62, "syntax"), Stage.INSPECTING, 2, "internal", True),
        (ValueError("a bug"), Stage.INSPECTING, 0, "internal", False),
        (TimeoutError(), Stage.LOADING, 0, "internal", False),
    ],
)
def test_outcomes(fault: Exception, stage: Stage, faults: int, code: str, is_ended: bool) -> None:
    claim = claim_of("transactions", 100, faults=faults)

    verdict = judge(fault, claim, stage, Settings(max_attempts=3))

    assert isinstance(verdict, Ended) is is_ended
    assert code == (verdict.code if isinstance(verdict, PutBack) else verdict.failure.code)


def test_waits_double_up_to_five_minutes() -> None:
    settings = Settings(retry_base_seconds=2)
    waits = [wait_before_retry(faults, settings).total_seconds() for faults in range(30)]

    for faults, wait in enumerate(waits[:6]):
        assert 0.75 * 2 * 2**faults <= wait <= 1.25 * 2 * 2**faults
    assert max(waits) == timedelta(minutes=5).total_seconds()
