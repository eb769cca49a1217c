"""How bytes become a file: pinned once, whoever tells of them, and only if they may still come."""

import asyncio
from uuid import UUID

import pytest

from server.errors import StateConflict
from server.files.lifecycle import Outcome, Stage, Status
from server.files.tickets import UploadTicket
from tests.fixtures.files import ALICE, DATA, Desk, asked, put


async def test_pinning_queues_the_file_and_wakes_a_worker(desk: Desk) -> None:
    file_id = await desk.send()

    file = await desk.service.arrivals.pin(file_id, "storage")

    assert file is not None
    assert (file.stage, file.size_bytes) == (Stage.QUEUED, len(DATA))
    assert desk.queue.calls == [("ingest", file_id)]
    assert await desk.history(file_id) == ["upload.requested", "object.pinned"]


async def test_event_complete_and_sweep_racing_pin_once(desk: Desk) -> None:
    file_id = await desk.send()
    row = await desk.row(file_id)

    await asyncio.gather(
        desk.service.arrivals.take_notice(row.object_key, None),
        desk.service.complete(ALICE, file_id),
        desk.service.arrivals.pin(file_id, "sweep"),
        desk.service.arrivals.pin(file_id, "sweep"),
    )

    assert (await desk.history(file_id)).count("object.pinned") == 1
    assert desk.queue.calls == [("ingest", file_id)]


async def test_the_first_object_stays_the_file(desk: Desk) -> None:
    ticket = await desk.service.uploads.request(ALICE, asked())
    assert isinstance(ticket, UploadTicket)
    await put(ticket.upload_url, DATA)
    await put(ticket.upload_url, b"another one, and longer than the first")

    answer = await desk.service.complete(ALICE, UUID(ticket.id))

    assert answer.file.size_bytes == len(DATA)


async def test_a_later_version_is_removed_and_told(desk: Desk) -> None:
    ticket = await desk.service.uploads.request(ALICE, asked())
    assert isinstance(ticket, UploadTicket)
    file_id = UUID(ticket.id)
    await put(ticket.upload_url, DATA)
    await desk.service.arrivals.pin(file_id, "storage")
    await put(ticket.upload_url, b"later")

    removed = await desk.service.arrivals.remove_later_versions(file_id, "sweep")

    row = await desk.row(file_id)
    versions = await desk.storage.list_versions(row.object_key)
    assert removed == 1
    assert [version.version_id for version in versions] == [row.object_version]
    assert (await desk.history(file_id))[-1] == "object.later-removed"


async def test_a_notice_of_a_later_version_wakes_the_tidying(desk: Desk) -> None:
    file_id = await desk.send_and_pin()
    row = await desk.row(file_id)

    await desk.service.arrivals.take_notice(row.object_key, "another-version")

    assert desk.queue.calls[-1] == ("tidy", file_id)


async def test_complete_without_bytes_leaves_the_file_pending(desk: Desk) -> None:
    file_id = await desk.ask()

    answer = await desk.service.complete(ALICE, file_id)

    assert answer.status is Status.PENDING
    assert desk.queue.calls == []


async def test_complete_is_idempotent(desk: Desk) -> None:
    file_id = await desk.send()

    first = await desk.service.complete(ALICE, file_id)
    second = await desk.service.complete(ALICE, file_id)

    assert first == second
    assert first.status is Status.PROCESSING


async def test_a_file_given_up_is_revived_by_late_bytes(desk: Desk) -> None:
    ticket = await desk.service.uploads.request(ALICE, asked())
    assert isinstance(ticket, UploadTicket)
    file_id = UUID(ticket.id)
    assert await desk.service.arrivals.give_up(file_id, "sweep")
    given_up = await desk.row(file_id)
    assert given_up.failure is not None
    assert (given_up.outcome, given_up.failure["code"]) == ("never_uploaded", "upload-expired")
    await put(ticket.upload_url, DATA)

    answer = await desk.service.complete(ALICE, file_id)

    assert (answer.status, answer.outcome, answer.failure) == (Status.PROCESSING, None, None)
    assert desk.queue.calls == [("ingest", file_id)]


async def test_a_file_whose_bytes_are_there_is_not_given_up(desk: Desk) -> None:
    file_id = await desk.send()

    assert not await desk.service.arrivals.give_up(file_id, "sweep")

    assert (await desk.row(file_id)).is_at is Stage.QUEUED


async def test_a_cancelled_file_is_not_revived(desk: Desk) -> None:
    file_id = await desk.send()
    await desk.service.cancel(ALICE, file_id)
    row = await desk.row(file_id)

    await desk.service.arrivals.take_notice(row.object_key, None)
    with pytest.raises(StateConflict):
        await desk.service.complete(ALICE, file_id)

    after = await desk.row(file_id)
    assert (after.is_at, after.ended_as) == (Stage.FAILED, Outcome.CANCELLED)


async def test_cancelling_while_the_bytes_arrive_ends_in_one_of_both(desk: Desk) -> None:
    file_id = await desk.send()

    results = await asyncio.gather(
        desk.service.cancel(ALICE, file_id),
        desk.service.arrivals.pin(file_id, "storage"),
        return_exceptions=True,
    )

    row = await desk.row(file_id)
    was_cancelled = not isinstance(results[0], StateConflict)
    assert (row.ended_as is Outcome.CANCELLED) == was_cancelled
    assert (desk.queue.calls == []) == was_cancelled


async def test_bytes_of_a_derived_object_are_no_file(desk: Desk) -> None:
    file_id = await desk.ask()

    await desk.service.arrivals.take_notice(f"derived/w/{file_id}/1", None)
    await desk.service.arrivals.take_notice("elsewhere/x", None)

    assert (await desk.row(file_id)).is_at is Stage.AWAITING_UPLOAD
