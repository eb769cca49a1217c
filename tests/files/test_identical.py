"""Which earlier file is the same: by bytes, workspace, dataset, and only if its rows are there."""

from dataclasses import replace
from uuid import UUID

from server.files.claims import Claim, Ending
from server.files.identical import find_identical
from server.files.lifecycle import Outcome
from tests.fixtures.files import ALICE, MALLORY, Desk

IMPORTED = Ending(Outcome.IMPORTED, {"rowsTotal": 3, "rowsImported": 3})


async def imported(desk: Desk, ending: Ending = IMPORTED) -> Claim:
    claim = await desk.claimed()
    await desk.claims.finish(claim, ending)
    return claim


async def identical_to(
    desk: Desk, claim: Claim, sha256: str | None = None, **other: str | int
) -> UUID | None:
    changed = replace(claim, **other)  # type: ignore[arg-type]  # a table of arguments
    async with desk.units.begin() as unit:
        found = await find_identical(unit, changed, sha256)
    return found.file_id if found else None


async def test_the_earliest_imported_file_of_the_same_bytes_is_found(desk: Desk) -> None:
    first = await imported(desk)
    await imported(desk)
    later = await desk.claimed()

    assert await identical_to(desk, later) == first.file_id


async def test_a_later_file_is_not_found(desk: Desk) -> None:
    earlier = await desk.claimed()
    later = await imported(desk)

    assert await identical_to(desk, earlier) is None
    assert await identical_to(desk, later) is None


async def test_other_bytes_sizes_datasets_and_workspaces_are_not_found(desk: Desk) -> None:
    await imported(desk)
    later = await desk.claimed()

    assert await identical_to(desk, later, etag="0" * 32) is None
    assert await identical_to(desk, later, size_bytes=1) is None
    assert await identical_to(desk, later, dataset_type="orders") is None
    assert await identical_to(desk, later, workspace_id=MALLORY.workspace_id) is None


async def test_an_etag_of_parts_tells_nothing_and_a_checksum_does(desk: Desk) -> None:
    first = await imported(desk)
    await desk.set(first.file_id, etag="a" * 32 + "-2", sha256="b" * 64)
    later = await desk.claimed()

    assert await identical_to(desk, later, etag="a" * 32 + "-2") is None
    assert await identical_to(desk, later, etag="x-2", sha256="b" * 64) == first.file_id


async def test_a_header_alone_an_undone_and_a_failed_file_are_not_found(desk: Desk) -> None:
    await imported(desk, Ending(Outcome.IMPORTED, {"rowsTotal": 0, "rowsImported": 0}))
    undone = await imported(desk)
    await desk.service.undo(ALICE, undone.file_id)
    undo = await desk.claims.claim_undo(undone.file_id, "undo")
    assert undo is not None
    await desk.claims.finish_undo(undo)
    later = await desk.claimed()

    assert await identical_to(desk, later) is None
