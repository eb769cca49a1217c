"""A retry by code takes what failed of it, and nothing else."""

from uuid import UUID

from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Stage
from tests.fixtures.workshop import Workshop
from worker.operations.retry import OURS, retry


async def failed(workshop: Workshop, code: FailureCode) -> UUID:
    """Return a file that failed with the code."""
    claim = await workshop.desk.claimed()
    await workshop.desk.claims.fail(claim, FileFailed(code))
    return claim.file_id


async def test_without_a_code_it_takes_the_faults_of_ours(workshop: Workshop) -> None:
    ours = await failed(workshop, FailureCode.STORAGE_UNAVAILABLE)
    theirs = await failed(workshop, FailureCode.HEADER_MISMATCH)

    count = await retry(workshop.context, workshop.desk.service, OURS)

    assert count == 1
    assert (await workshop.desk.row(ours)).is_at is Stage.QUEUED
    assert (await workshop.desk.row(theirs)).is_at is Stage.FAILED
    assert (await workshop.desk.history(ours))[-1] == "reprocess.requested"


async def test_with_a_code_it_takes_that_one(workshop: Workshop) -> None:
    ours = await failed(workshop, FailureCode.INTERNAL)
    theirs = await failed(workshop, FailureCode.HEADER_MISMATCH)

    count = await retry(workshop.context, workshop.desk.service, (FailureCode.HEADER_MISMATCH,))

    assert count == 1
    assert (await workshop.desk.row(ours)).is_at is Stage.FAILED
    assert (await workshop.desk.row(theirs)).is_at is Stage.QUEUED
