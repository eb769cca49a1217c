"""What callers can do with a file: cancel, reprocess, undo, download, and whose it is."""

import pytest

from server.errors import FileNotFound, StateConflict
from server.files.answers import FileAnswer
from server.files.attachment import attachment
from server.files.claims import Ending
from server.files.failures import FailureCode, FileFailed
from server.files.ids import parse_file_id
from server.files.lifecycle import Outcome, Stage, Status, may_move
from tests.fixtures.files import ALICE, MALLORY, Desk

IMPORTED = Ending(Outcome.IMPORTED, {"rowsTotal": 3, "rowsImported": 3})


@pytest.mark.parametrize(
    ("current", "following", "may"),
    [
        (Stage.AWAITING_UPLOAD, Stage.QUEUED, True),
        (Stage.AWAITING_UPLOAD, Stage.INSPECTING, False),
        (Stage.QUEUED, Stage.COMPLETED, False),
        (Stage.LOADING, Stage.INSPECTING, False),
        (Stage.COMPLETED, Stage.QUEUED, True),
        (Stage.COMPLETED, Stage.FAILED, False),
        (Stage.FAILED, Stage.COMPLETED, False),
    ],
)
def test_moves(current: Stage, following: Stage, may: bool) -> None:
    assert may_move(current, following) is may


async def test_cancel_ends_a_pending_file(desk: Desk) -> None:
    file_id = await desk.ask()

    answer = await desk.service.cancel(ALICE, file_id)

    assert (answer.status, answer.outcome) == (Status.FAILED, Outcome.CANCELLED)
    assert answer.failure is not None
    assert answer.failure["code"] == "cancelled"
    assert answer.failure["retryable"] is False


async def test_cancel_refuses_what_is_not_pending(desk: Desk) -> None:
    file_id = await desk.send_and_pin()

    with pytest.raises(StateConflict):
        await desk.service.cancel(ALICE, file_id)


async def test_a_foreign_file_does_not_exist(desk: Desk) -> None:
    file_id = await desk.send_and_pin()

    for refused in (
        desk.service.get(MALLORY.workspace_id, file_id),
        desk.service.history(MALLORY.workspace_id, file_id),
        desk.service.complete(MALLORY, file_id),
        desk.service.cancel(MALLORY, file_id),
        desk.service.reprocess(MALLORY, file_id),
        desk.service.undo(MALLORY, file_id),
        desk.service.original_url(MALLORY, file_id),
        desk.service.uploads.parts(MALLORY, file_id),
    ):
        with pytest.raises(FileNotFound):
            await refused


ID = "0193a1b2-0000-7000-8000-000000000001"


@pytest.mark.parametrize("text", ["not-an-id", "", "0" * 32, f"{{{ID}}}", f"{ID} "])
def test_a_malformed_id_does_not_exist(text: str) -> None:
    with pytest.raises(FileNotFound):
        parse_file_id(text)


async def completed(desk: Desk) -> FileAnswer:
    claim = await desk.claimed()
    await desk.claims.finish(claim, IMPORTED)
    return await desk.service.undo(ALICE, claim.file_id)


async def test_undo_is_marked_and_woken_and_may_be_repeated(desk: Desk) -> None:
    claim = await desk.claimed()
    await desk.claims.finish(claim, IMPORTED)

    await desk.service.undo(ALICE, claim.file_id)
    again = await desk.service.undo(ALICE, claim.file_id)

    assert again.undone_at is None
    assert (await desk.row(claim.file_id)).undo_requested_at is not None
    assert desk.queue.calls[-1] == ("undo", claim.file_id)
    assert (await desk.history(claim.file_id)).count("undo.requested") == 1


async def test_undo_refuses_what_is_not_completed(desk: Desk) -> None:
    for file_id in (await desk.ask(), await desk.send_and_pin()):
        with pytest.raises(StateConflict):
            await desk.service.undo(ALICE, file_id)


async def test_reprocess_refuses_a_file_that_is_being_undone(desk: Desk) -> None:
    answer = await completed(desk)

    with pytest.raises(StateConflict, match="being undone"):
        await desk.service.reprocess(ALICE, parse_file_id(answer.id))


async def test_reprocess_refuses_a_file_without_bytes(desk: Desk) -> None:
    file_id = await desk.ask()
    await desk.service.cancel(ALICE, file_id)

    with pytest.raises(StateConflict, match="never arrived"):
        await desk.service.reprocess(ALICE, file_id)


async def test_reprocess_queues_the_pinned_bytes_in_their_place(desk: Desk) -> None:
    claim = await desk.claimed()
    await desk.claims.fail(claim, FileFailed(FailureCode.HEADER_MISMATCH))

    answer = await desk.service.reprocess(ALICE, claim.file_id)
    again = await desk.claims.claim(claim.file_id, "two")

    assert (answer.stage, answer.outcome, answer.failure) == (Stage.QUEUED, None, None)
    assert again is not None
    assert (again.object_version, again.uploaded_at) == (claim.object_version, claim.uploaded_at)
    assert again.attempt == 2


async def test_a_reprocess_that_fails_leaves_the_file_as_it_was(desk: Desk) -> None:
    first = await desk.claimed()
    await desk.claims.finish(first, IMPORTED)
    before = await desk.service.get(ALICE.workspace_id, first.file_id)
    desk.clock.turn(hours=1)
    await desk.service.reprocess(ALICE, first.file_id)
    second = await desk.claims.claim(first.file_id, "two")
    assert second is not None
    assert second.published_attempt == first.attempt

    await desk.claims.fail(second, FileFailed(FailureCode.INTERNAL))

    after = await desk.row(first.file_id)
    assert (after.is_at, after.ended_as) == (Stage.COMPLETED, Outcome.IMPORTED)
    assert (after.statistics, after.completed_at) == (IMPORTED.statistics, before.completed_at)
    assert (after.published_attempt, after.judged_attempt) == (1, 1)
    assert (await desk.history(first.file_id))[-1] == "reprocess.failed"


async def test_the_original_is_the_pinned_version_under_its_own_name(desk: Desk) -> None:
    file_id = await desk.send_and_pin()
    row = await desk.row(file_id)

    url = await desk.service.original_url(ALICE, file_id)

    assert row.object_version is not None
    assert f"versionId={row.object_version}" in url
    assert "response-content-disposition=attachment" in url


def test_a_name_cannot_break_out_of_its_header() -> None:
    assert attachment('a"\\ü%.csv') == (
        "attachment; filename=\"a____.csv\"; filename*=UTF-8''a%22%5C%C3%BC%25.csv"
    )
