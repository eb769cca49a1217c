"""ClickHouse built anew shows what it showed before."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from server.analytics.gateway import Analytics
from server.datasets.tables import current_table
from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.operations.repository import DRAIN, note_operation
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.sleeper import Sleeper
from worker.ingest.dataset_lock import dataset_lock
from worker.jobs import JOBS
from worker.operations.drain import drain, end_drain
from worker.operations.rebuild import CannotRebuild, rebuild

pytestmark = pytest.mark.slow


async def shown(workshop: Workshop, *files: File) -> list[tuple[object, ...]]:
    """Return what readers see of the files, without which attempt brought it."""
    dataset = workshop.context.catalogue.get("transactions")
    assert dataset is not None
    found = await workshop.analytics.query(
        f"SELECT * EXCEPT (_attempt) FROM {workshop.analytics.database}.{current_table(dataset)}"
        " WHERE has({files:Array(UUID)}, _file) ORDER BY _key",
        parameters={"files": [str(file.file_id) for file in files]},
        comment="test",
    )
    return found.rows


async def three_files(workshop: Workshop) -> tuple[File, File, File]:
    """Import a file, a correction of a part of it, and one that is undone."""
    first = await workshop.ingested(rows=5)
    second = await workshop.ingested(rows=2, amount="99.00")
    third = await workshop.ingested(rows=3, amount="7.00")
    await workshop.desk.service.undo(ALICE, third.file_id)
    await JOBS["undo"](workshop.context, third.file_id)
    return first, second, third


async def test_the_same_rows_are_shown_after_it(workshop: Workshop) -> None:
    first, second, third = await three_files(workshop)
    before = await shown(workshop, first, second, third)
    await drain(workshop.context, lambda _: None)

    count = await rebuild(workshop.context)
    empty = await shown(workshop, first, second)
    await end_drain(workshop.context)
    # The newer one first: the order of work decides nothing.
    for file in (second, first):
        await JOBS["ingest"](workshop.context, file.file_id)

    assert len(before) == 5
    assert (count, empty) == (2, [])
    assert await shown(workshop, first, second, third) == before
    assert (await workshop.desk.row(third.file_id)).ended_as is Outcome.UNDONE
    assert "rebuild.requested" in await workshop.desk.history(first.file_id)


async def test_it_is_not_begun_while_workers_may_work(workshop: Workshop) -> None:
    file = await workshop.ingested()
    before = await shown(workshop, file)

    with pytest.raises(CannotRebuild, match="tallydock drain"):
        await rebuild(workshop.context)

    assert await shown(workshop, file) == before


async def test_it_is_not_begun_when_bytes_are_gone(workshop: Workshop) -> None:
    file = await workshop.ingested()
    before = await shown(workshop, file)
    await workshop.desk.set(file.file_id, object_version=None)
    await drain(workshop.context, lambda _: None)

    with pytest.raises(CannotRebuild, match="1 files"):
        await rebuild(workshop.context)

    assert await shown(workshop, file) == before


async def note_draining(workshop: Workshop) -> None:
    """Have what a `tallydock drain` leaves that was interrupted while it waited."""
    async with workshop.desk.units.begin() as unit:
        await note_operation(unit, DRAIN, workshop.desk.clock.now)


async def test_it_is_not_begun_while_a_worker_still_works(workshop: Workshop) -> None:
    file = await workshop.ingested()
    before = await shown(workshop, file)
    await workshop.desk.claimed()
    await note_draining(workshop)

    with pytest.raises(CannotRebuild, match="work on 1 files"):
        await rebuild(workshop.context)

    assert await shown(workshop, file) == before


async def test_it_is_not_begun_while_a_dataset_is_held(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.operations.rebuild.PATIENCE_SECONDS", 0.0)
    file = await workshop.ingested()
    before = await shown(workshop, file)
    await note_draining(workshop)

    async with dataset_lock(workshop.context, "transactions", "host:1/reconciler"):
        with pytest.raises(CannotRebuild, match="try again"):
            await rebuild(workshop.context)

    assert await shown(workshop, file) == before


@pytest.mark.parametrize("words", ["EXCHANGE TABLES", "CLONE AS"])
async def test_a_publisher_that_was_paused_brings_nothing_of_the_old_tables_back(
    workshop: Workshop, words: str
) -> None:
    desk = workshop.desk
    earlier = await workshop.ingested(rows=3)
    sleeper = Sleeper(workshop.analytics, words, 1)
    paused = replace(workshop.context, analytics=cast(Analytics, sleeper))
    late = await desk.send_and_pin(data=some_csv(2, amount="99.00"))
    sleeping = asyncio.create_task(JOBS["ingest"](paused, late))
    await sleeper.sleeps.wait()
    await note_draining(workshop)
    # Its lease and its lock are over.
    desk.clock.turn(seconds=31)

    assert await rebuild(workshop.context) == 1
    sleeper.may_wake.set()
    await sleeping
    woken = await workshop.rows("transactions_current", earlier.file_id)
    await end_drain(workshop.context)
    desk.clock.turn(seconds=31)
    for file_id in (earlier.file_id, late):
        await JOBS["ingest"](workshop.context, file_id)

    row = await desk.row(late)
    assert woken == {}
    assert (row.ended_as, row.statistics and row.statistics["rowsReplaced"]) == (
        Outcome.IMPORTED,
        2,
    )
    assert await workshop.rows("transactions_history", late) == {row.attempt: 2}
    assert await workshop.rows("transactions_current", late) == {row.attempt: 2}
    assert await workshop.rows("transactions_history", earlier.file_id) == {2: 3}
    assert await workshop.rows("transactions_current", earlier.file_id) == {2: 1}


async def test_no_file_is_completed_by_what_was_published_before(workshop: Workshop) -> None:
    desk = workshop.desk
    file = await workshop.ingested(rows=3)
    # Its worker died between the swap and the record's end; the next publisher found that out.
    await desk.set(
        file.file_id, stage="publishing", outcome=None, completed_at=None, judged_attempt=None
    )
    await note_draining(workshop)

    count = await rebuild(workshop.context)
    hidden = await desk.row(file.file_id)
    await end_drain(workshop.context)
    await JOBS["ingest"](workshop.context, file.file_id)

    row = await desk.row(file.file_id)
    assert (count, hidden.published_attempt) == (0, None)
    assert (row.ended_as, row.published_attempt) == (Outcome.IMPORTED, 2)
    assert await workshop.rows("transactions_current", file.file_id) == {2: 3}


async def test_a_reprocess_that_waited_and_then_fails_does_not_call_lost_rows_visible(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    file = await workshop.ingested(rows=3)
    await desk.service.reprocess(ALICE, file.file_id)
    await note_draining(workshop)

    await rebuild(workshop.context)
    await end_drain(workshop.context)
    claim = await desk.claims.claim(file.file_id, "one")
    assert claim is not None
    await desk.claims.fail(claim, FileFailed(FailureCode.INTERNAL))

    row = await desk.row(file.file_id)
    assert (row.is_at, row.published_attempt) == (Stage.FAILED, None)
