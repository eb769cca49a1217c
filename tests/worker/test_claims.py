"""Leases: one worker has a file, and nobody else writes."""

import asyncio
from datetime import timedelta

import pytest

from server.files.claims import Claim, Ending, JudgedAndFailed, LeaseLost
from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome, Stage
from tests.fixtures.files import ALICE, Desk

ISSUE: dict[str, object] = {
    "code": "type-error",
    "severity": "error",
    "column": "amount",
    "count": 1,
    "firstRowNumber": 2,
    "message": "Not a number",
}
IMPORTED = Ending(Outcome.IMPORTED, {"rowsTotal": 3, "rowsImported": 3})


async def test_of_many_claimers_one_wins(desk: Desk) -> None:
    file_id = await desk.send_and_pin()

    claims = await asyncio.gather(*(desk.claims.claim(file_id, f"owner-{n}") for n in range(8)))

    assert len([claim for claim in claims if claim is not None]) == 1
    row = await desk.row(file_id)
    assert (row.is_at, row.attempt) == (Stage.INSPECTING, 1)


async def test_a_claim_is_a_snapshot_of_the_pinned_file(desk: Desk) -> None:
    claim = await desk.claimed()
    row = await desk.row(claim.file_id)

    assert (claim.object_version, claim.etag) == (row.object_version, row.etag)
    assert (claim.size_bytes, claim.uploaded_at) == (row.size_bytes, row.uploaded_at)
    assert (claim.attempt, claim.faults, claim.published_attempt) == (1, 0, None)
    assert row.started_at == desk.clock.now


async def test_nothing_is_claimed_before_its_time(desk: Desk) -> None:
    claim = await desk.claimed()
    await desk.claims.release(claim, "internal", desk.clock.now + timedelta(seconds=10))

    too_early = await desk.claims.claim(claim.file_id, "two")
    desk.clock.turn(seconds=10)
    in_time = await desk.claims.claim(claim.file_id, "two")

    assert too_early is None
    assert in_time is not None
    assert (in_time.attempt, in_time.faults) == (2, 1)


async def test_an_attempt_that_has_ended_its_file_has_lost_nothing(desk: Desk) -> None:
    """It still drops its tables when the next renewal comes due."""
    claim = await desk.claims.claim(await desk.send_and_pin(), "one")
    assert claim is not None
    await desk.claims.finish(claim, IMPORTED)
    assert await desk.claims.renew(claim)


async def test_a_renewed_lease_holds(desk: Desk) -> None:
    claim = await desk.claimed()
    desk.clock.turn(seconds=25)
    assert await desk.claims.renew(claim)
    desk.clock.turn(seconds=25)

    assert await desk.claims.claim(claim.file_id, "two") is None


async def test_a_lease_that_ran_out_is_taken_over_and_counts_as_a_fault(desk: Desk) -> None:
    first = await desk.claimed()
    await desk.claims.advance(first, Stage.LOADING, "file.inspected")
    desk.clock.turn(seconds=31)

    second = await desk.claims.claim(first.file_id, "two")

    assert second is not None
    assert (second.attempt, second.faults) == (2, 1)
    assert (await desk.row(first.file_id)).is_at is Stage.INSPECTING
    assert (await desk.history(first.file_id))[-1] == "file.reclaimed"


async def test_who_lost_the_lease_can_write_nothing(desk: Desk) -> None:
    lost = await desk.claimed()
    desk.clock.turn(seconds=31)
    held = await desk.claims.claim(lost.file_id, "two")
    before = await desk.row(lost.file_id)

    assert not await desk.claims.renew(lost)
    for write in (
        desk.claims.progress(lost, bytes_done=1, bytes_total=1, rows_done=1),
        desk.claims.advance(lost, Stage.LOADING, "file.inspected"),
        desk.claims.finish(lost, IMPORTED),
        desk.claims.fail(lost, FileFailed(FailureCode.EMPTY_FILE)),
        desk.claims.release(lost, "internal", desk.clock.now),
    ):
        with pytest.raises(LeaseLost):
            await write

    assert held is not None
    assert await desk.row(lost.file_id) == before


async def test_the_way_of_a_file_is_told(desk: Desk) -> None:
    claim = await desk.claimed()
    await desk.claims.progress(claim, bytes_done=5, bytes_total=10, rows_done=1)
    await desk.claims.advance(
        claim, Stage.LOADING, "file.inspected", changes={"encoding": "utf-8", "delimiter": ","}
    )
    await desk.claims.advance(claim, Stage.PUBLISHING, "file.loaded")
    await desk.claims.finish(claim, IMPORTED)

    row = await desk.row(claim.file_id)
    assert (row.is_at, row.ended_as, row.rows_imported) == (Stage.COMPLETED, Outcome.IMPORTED, 3)
    assert (row.published_attempt, row.judged_attempt, row.encoding) == (1, 1, "utf-8")
    assert (row.lease_owner, row.progress["bytesDone"]) == (None, 5)
    assert await desk.history(claim.file_id) == [
        "upload.requested",
        "object.pinned",
        "file.claimed",
        "file.inspected",
        "file.loaded",
        "file.completed",
    ]


async def test_what_was_judged_is_told_of_a_failure(desk: Desk) -> None:
    claim = await desk.claimed()
    judged = Ending(Outcome.FAILED, {"rowsTotal": 4, "rowsImported": 0}, [ISSUE])

    await desk.claims.fail(
        claim, JudgedAndFailed(FailureCode.ABORTED_ON_ERROR, "1 of 4 rows.", judged)
    )

    row = await desk.row(claim.file_id)
    assert (row.is_at, row.ended_as) == (Stage.FAILED, Outcome.FAILED)
    assert (row.statistics, row.judged_attempt) == (judged.statistics, 1)
    assert row.failure is not None
    assert row.failure["code"] == "aborted-on-error"


async def test_a_later_failure_does_not_show_what_an_earlier_attempt_judged(desk: Desk) -> None:
    claim = await desk.claimed()
    judged = Ending(Outcome.FAILED, {"rowsTotal": 4, "rowsImported": 0}, [ISSUE])
    await desk.claims.fail(claim, JudgedAndFailed(FailureCode.ABORTED_ON_ERROR, "", judged))
    await desk.service.reprocess(ALICE, claim.file_id)
    again = await desk.claims.claim(claim.file_id, "two")
    assert again is not None

    await desk.claims.fail(again, FileFailed(FailureCode.OBJECT_MISSING))

    row = await desk.row(claim.file_id)
    assert (row.statistics, row.issues, row.judged_attempt) == (None, [], None)


async def test_an_undo_is_claimed_once_and_marked_when_done(desk: Desk) -> None:
    claim = await _imported(desk)
    assert await desk.claims.claim_undo(claim.file_id, "early") is None
    await desk.service.undo(ALICE, claim.file_id)

    undos = await asyncio.gather(
        *(desk.claims.claim_undo(claim.file_id, f"undo-{n}") for n in range(4))
    )
    (undo,) = [found for found in undos if found is not None]
    await desk.claims.finish_undo(undo)

    row = await desk.row(claim.file_id)
    assert (row.ended_as, row.undone_at) == (Outcome.UNDONE, desk.clock.now)
    assert (row.published_attempt, row.attempt) == (None, 1)
    assert await desk.claims.claim_undo(claim.file_id, "late") is None


async def test_a_duplicate_takes_the_place_of_the_undone_file(desk: Desk) -> None:
    first = await _imported(desk)
    twins = []
    for owner in ("two", "three"):
        twin = await desk.claimed(owner)
        doubled = Ending(
            Outcome.DUPLICATE, {"rowsImported": 0}, changes={"duplicate_of": first.file_id}
        )
        await desk.claims.finish(twin, doubled)
        twins.append(twin.file_id)

    async with desk.units.begin() as unit:
        is_promoted = await desk.claims.promote(
            twins[0], IMPORTED, attempt=1, in_place_of=first.file_id, unit=unit
        )
        is_again = await desk.claims.promote(
            twins[0], IMPORTED, attempt=1, in_place_of=first.file_id, unit=unit
        )

    promoted, other = await desk.row(twins[0]), await desk.row(twins[1])
    assert (is_promoted, is_again) == (True, False)
    assert (promoted.ended_as, promoted.duplicate_of) == (Outcome.IMPORTED, None)
    assert promoted.published_attempt == 1
    assert other.duplicate_of == twins[0]


async def _imported(desk: Desk) -> Claim:
    claim = await desk.claimed()
    await desk.claims.finish(claim, IMPORTED)
    return claim
