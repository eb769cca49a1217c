"""What is over its time goes, and nothing that readers see goes with it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, delete

from server.db.engine import create_engine, create_sessions
from server.db.migrate import migrate
from server.errors import StateConflict
from server.files.answers import answer_file
from server.files.models import File, FileEvent
from server.files.service import FileService
from server.mappings.repository import MappingDirectory
from server.schema import metadata
from server.unit_of_work import UnitsOfWork
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.sleeper import Sleeper
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance.dead_rows import DeadRows
from worker.maintenance.objects import Objects
from worker.maintenance.retention import Retention
from worker.maintenance.undo_limits import UndoLimits


def keeping(workshop: Workshop, **days: int) -> Context:
    """Return the context with other settings."""
    return replace(workshop.context, settings=workshop.context.settings.model_copy(update=days))


async def again(workshop: Workshop, file: File) -> None:
    """Have the file judged again."""
    await workshop.desk.service.reprocess(ALICE, file.file_id)
    await JOBS["ingest"](workshop.context, file.file_id)


async def test_originals_go_after_their_days_and_the_rows_stay(workshop: Workshop) -> None:
    old = await workshop.ingested()
    fresh = await workshop.ingested(rows=2, amount="5.00")
    context = keeping(workshop, originals_days=30)

    workshop.desk.clock.turn(days=29)
    await Retention(context).expire_originals()
    early = await workshop.desk.row(old.file_id)
    await again(workshop, fresh)
    workshop.desk.clock.turn(days=2)
    await Retention(context).expire_originals()
    await Objects(context).tell_missing()
    gone = await workshop.desk.row(old.file_id)

    assert early.object_version is not None
    assert gone.object_version is None
    assert await workshop.desk.storage.list_versions(old.object_key) == []
    assert (await workshop.desk.row(fresh.file_id)).object_version is not None
    # Nobody calls it missing, nobody offers it, and what it brought is there.
    assert (await workshop.desk.history(old.file_id))[-1] == "original.expired"
    assert answer_file(gone).links.original is None
    assert answer_file(fresh).links.original is not None
    assert await workshop.rows("transactions_current", old.file_id) == {1: 1}
    with pytest.raises(StateConflict, match="not kept any more"):
        await workshop.desk.service.original_url(ALICE, old.file_id)
    with pytest.raises(StateConflict, match="not kept any more"):
        await workshop.desk.service.reprocess(ALICE, old.file_id)


async def test_files_that_wait_keep_their_bytes(workshop: Workshop) -> None:
    waiting = await workshop.desk.send_and_pin()
    workshop.desk.clock.turn(days=400)

    await Retention(keeping(workshop, originals_days=30)).expire_originals()

    assert (await workshop.desk.row(waiting)).object_version is not None


async def test_without_a_setting_all_is_kept(workshop: Workshop) -> None:
    file = await workshop.ingested()
    workshop.desk.clock.turn(days=4000)

    await Retention(workshop.context).expire_originals()
    await Retention(workshop.context).prune_history()

    row = await workshop.desk.row(file.file_id)
    assert (row.object_version, row.undo_until) == (file.object_version, None)
    assert len(await workshop.desk.history(file.file_id)) > 4


async def test_a_file_can_be_undone_until_its_time_and_not_later(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7)
    file_ids = [await workshop.desk.send_and_pin(data=data) for data in _two_files()]
    for file_id in file_ids:
        await JOBS["ingest"](context, file_id)
    first = await workshop.desk.row(file_ids[0])
    assert first.undo_until is not None
    assert first.completed_at is not None

    workshop.desk.clock.turn(days=6)
    await workshop.desk.service.undo(ALICE, file_ids[0])
    workshop.desk.clock.turn(days=2)

    # Repeating one that was in time changes nothing, as ever.
    await workshop.desk.service.undo(ALICE, file_ids[0])
    with pytest.raises(StateConflict, match="could be undone until"):
        await workshop.desk.service.undo(ALICE, file_ids[1])
    assert (first.undo_until - first.completed_at).days == 7


@pytest.mark.slow
async def test_a_setting_that_changes_holds_for_earlier_files_whose_time_is_not_over(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    old, fresh = [await desk.send_and_pin(data=data) for data in _two_files()]
    await JOBS["ingest"](workshop.context, old)
    desk.clock.turn(days=40)
    await JOBS["ingest"](workshop.context, fresh)

    told = [await limits_in_days(workshop, old, fresh)]
    for days in (30, 7, 60, 0):
        await UndoLimits(keeping(workshop, undo_days=days)).follow_setting()
        told.append(await limits_in_days(workshop, old, fresh))

    # What its time ended for is promised no more: rows that it would bring back may be gone.
    assert told == [[None, None], [30, 30], [30, 7], [30, 60], [30, None]]
    with pytest.raises(StateConflict, match="could be undone until"):
        await desk.service.undo(ALICE, old)
    await desk.service.undo(ALICE, fresh)


@pytest.mark.slow
async def test_what_took_another_files_place_counts_from_then(workshop: Workshop) -> None:
    desk = workshop.desk
    first = await workshop.ingested(rows=2, amount="3.00")
    heir = await workshop.ingested(rows=2, amount="3.00")
    desk.clock.turn(days=20)
    await desk.service.undo(ALICE, first.file_id)
    await JOBS["undo"](workshop.context, first.file_id)

    await UndoLimits(keeping(workshop, undo_days=30)).follow_setting()

    assert await limits_in_days(workshop, heir.file_id) == [50]
    assert (await desk.row(first.file_id)).undo_until is None


async def limits_in_days(workshop: Workshop, *file_ids: UUID) -> list[int | None]:
    """Return for how many days after their end the files can be undone; None: always."""
    rows = [await workshop.desk.row(file_id) for file_id in file_ids]
    return [
        (row.undo_until - row.completed_at).days if row.undo_until and row.completed_at else None
        for row in rows
    ]


@pytest.mark.slow
async def test_the_next_duplicate_stands_in_when_the_first_is_none_any_more(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    first, second, third = [await workshop.ingested(rows=2, amount="4.00") for _ in range(3)]
    await desk.service.undo(ALICE, first.file_id)
    # The duplicates are listed, and none of them is reserved yet.
    sleeper = Sleeper(workshop.analytics, "CREATE TABLE")
    undoing = asyncio.create_task(JOBS["undo"](sleeper.seen_by(workshop.context), first.file_id))
    await sleeper.sleeps.wait()
    await desk.service.reprocess(ALICE, second.file_id)
    sleeper.may_wake.set()
    await undoing

    rows = [await desk.row(file.file_id) for file in (first, second, third)]
    assert [row.outcome for row in rows[::2]] == ["undone", "imported"]
    assert await workshop.rows("transactions_current", third.file_id) == {2: 2}
    await JOBS["ingest"](workshop.context, second.file_id)
    again = await desk.row(second.file_id)
    shown = [await workshop.rows("transactions_current", one.file_id) for one in rows]
    assert sum(sum(attempts.values()) for attempts in shown) == 2
    assert again.stage == "completed"


async def test_rows_that_can_come_back_no_more_go(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7)
    undone = await workshop.ingested(rows=2)
    await workshop.desk.service.undo(ALICE, undone.file_id)
    await JOBS["undo"](workshop.context, undone.file_id)
    anew = await workshop.ingested(rows=3, amount="8.00")
    await again(workshop, anew)

    workshop.desk.clock.turn(days=6)
    rows = DeadRows(context)
    await rows.delete()
    before = [await workshop.rows("transactions_history", one.file_id) for one in (undone, anew)]
    workshop.desk.clock.turn(days=2)
    await rows.delete()
    after = [await workshop.rows("transactions_history", one.file_id) for one in (undone, anew)]

    assert before == [{1: 2}, {1: 3, 2: 3}]
    assert after == [{}, {2: 3}]
    assert await workshop.rows("transactions_current", anew.file_id) == {2: 3}


@pytest.fixture
async def migrated(each_database_url: str) -> AsyncIterator[AsyncEngine]:
    """Give a database made by the revisions, with their triggers, of each kind."""
    engine = create_engine(each_database_url)
    await migrate(engine, metadata)
    yield engine
    await engine.dispose()


async def test_old_lines_of_history_go_and_the_database_loses_no_other(
    migrated: AsyncEngine, workshop: Workshop
) -> None:
    units = UnitsOfWork(create_sessions(migrated), workshop.desk.queue)
    desk = replace(workshop.desk, units=units, service=_service(workshop, units))
    context = replace(
        workshop.context,
        units=units,
        settings=workshop.context.settings.model_copy(update={"history_days": 30}),
    )
    old, fresh = [await desk.send_and_pin(data=data) for data in _two_files()]
    waiting = await desk.ask()
    for file_id in (old, fresh):
        await JOBS["ingest"](context, file_id)
    desk.clock.turn(days=31)
    await desk.service.reprocess(ALICE, fresh)
    await JOBS["ingest"](context, fresh)
    lines = len(await desk.history(fresh))

    await Retention(context).prune_history()

    # The first line is the file's own row.
    assert await desk.history(old) == ["upload.requested"]
    assert len(await desk.history(fresh)) == lines > 3
    assert await desk.history(waiting) == ["upload.requested"]
    with pytest.raises(DBAPIError, match="append-only"):
        async with units.begin() as unit:
            await unit.session.exec(delete(FileEvent).where(col(FileEvent.file_id) == fresh))
    assert len(await desk.history(fresh)) == lines


def _service(workshop: Workshop, units: UnitsOfWork) -> FileService:
    return FileService(
        units=units,
        storage=workshop.desk.storage,
        catalogue=workshop.context.catalogue,
        settings=workshop.desk.settings,
        clock=workshop.desk.clock,
        mappings=MappingDirectory(),
    )


def _two_files() -> list[bytes]:
    return [some_csv(2), some_csv(2, amount="77.00")]
