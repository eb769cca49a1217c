"""Rows that lost for good are let go, and nothing that anybody can still see changes by it."""

from dataclasses import replace
from uuid import UUID

import pytest

from server.errors import StateConflict
from server.files.models import File
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.rewriting import until_rewritten
from tests.maintenance.test_reconcile import repaired
from worker.backup.plan import HISTORY, Plan
from worker.backup.tables import make_current
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance.lost_rows import LostRows
from worker.maintenance.retention import Retention

pytestmark = pytest.mark.slow

HISTORY_TABLE = "transactions_history"


async def test_rows_that_lost_for_good_go_and_nothing_else_changes(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7, originals_days=30)
    loser = await ingested(workshop, context, rows=3, amount="1.00")
    winner = await ingested(workshop, context, rows=2, amount="2.00")
    # It arrives now and is judged last: the store takes no signature of a day to come.
    late = await workshop.desk.send_and_pin(data=some_csv(1, amount="3.00"))
    lost = LostRows(context)
    before = await current(workshop, loser, winner)

    workshop.desk.clock.turn(days=6)
    await let_go(workshop, lost)
    undoable = await workshop.rows(HISTORY_TABLE, loser.file_id)
    workshop.desk.clock.turn(days=2)
    await let_go(workshop, lost)
    # Judged again, the winner may speak for its keys no more.
    judgeable = await workshop.rows(HISTORY_TABLE, loser.file_id)
    workshop.desk.clock.turn(days=30)
    await Retention(context).expire_originals()
    await JOBS["ingest"](context, late)
    newest = await workshop.desk.row(late)
    await let_go(workshop, lost)
    await let_go(workshop, lost)

    assert undoable == judgeable == {1: 3}
    # The third key is its own; of the winner's nothing goes, since the newest can be undone.
    assert await workshop.rows(HISTORY_TABLE, loser.file_id) == {1: 1}
    assert await workshop.rows(HISTORY_TABLE, winner.file_id) == {1: 2}
    for settled in (loser, winner):
        with pytest.raises(StateConflict, match="could be undone until"):
            await workshop.desk.service.undo(ALICE, settled.file_id)
    shown = await current(workshop, loser, winner, newest)
    assert shown == await replayed(workshop, loser, winner, newest)
    await workshop.desk.service.undo(ALICE, newest.file_id)
    await JOBS["undo"](context, newest.file_id)
    assert await current(workshop, loser, winner, newest) == before


async def test_what_an_undo_would_hand_on_is_kept(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7, originals_days=30)
    first = await ingested(workshop, context, rows=3, amount="1.00")
    winner = await ingested(workshop, context, rows=2, amount="2.00")
    heir = await ingested(workshop, context, rows=3, amount="1.00")
    workshop.desk.clock.turn(days=28)
    # Judged again, it can be undone for a week more, and its bytes are kept for longer.
    await workshop.desk.service.reprocess(ALICE, first.file_id)
    await JOBS["ingest"](context, first.file_id)
    workshop.desk.clock.turn(days=3)
    await Retention(context).expire_originals()

    await let_go(workshop, LostRows(context))

    assert (await workshop.desk.row(winner.file_id)).object_version is None
    assert await workshop.rows(HISTORY_TABLE, first.file_id) == {1: 3, 2: 3}
    await workshop.desk.service.undo(ALICE, first.file_id)
    await JOBS["undo"](context, first.file_id)
    shown = await current(workshop, first, winner, heir)
    assert shown == {(heir.file_id, number, "1") for number in (1, 2, 3)}


async def test_nobody_waits_while_history_is_rewritten(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7, originals_days=30)
    loser = await ingested(workshop, context, rows=3, amount="1.00")
    await ingested(workshop, context, rows=2, amount="2.00")
    # It arrives now and is judged last: the store takes no signature of a day to come.
    late = await workshop.desk.send_and_pin(data=some_csv(1, amount="3.00"))
    workshop.desk.clock.turn(days=31)
    await Retention(context).expire_originals()
    history = f"{workshop.analytics.database}.{HISTORY_TABLE}"
    before = repaired("lost-rows")

    await workshop.run(f"SYSTEM STOP MERGES {history}")
    try:
        await LostRows(context).remove_now()
        # The next rounds are other workers', and one of them has died.
        for _ in range(2):
            await LostRows(context).finish()
            await LostRows(context).remove_now()
        meanwhile = await lists(workshop)
        # Publishers find the dataset free.
        await JOBS["ingest"](context, late)
        published = await workshop.desk.row(late)
        not_yet = await workshop.rows(HISTORY_TABLE, loser.file_id), repaired("lost-rows")
    finally:
        await workshop.run(f"SYSTEM START MERGES {history}")
    await until_rewritten(workshop, HISTORY_TABLE)
    for _ in range(2):
        await LostRows(context).finish()

    assert [name.rpartition("_")[0] for name in meanwhile] == ["lost_rows_transactions"]
    assert published.published_attempt == 1
    assert not_yet == ({1: 3}, before)
    assert await workshop.rows(HISTORY_TABLE, loser.file_id) == {1: 1}
    assert (await lists(workshop), repaired("lost-rows")) == ([], before + 2)


async def test_a_list_that_a_dead_worker_left_is_dropped_and_counts_for_nothing(
    workshop: Workshop,
) -> None:
    name, before = "lost_rows_transactions_0123456789ab", repaired("lost-rows")
    table = f"{workshop.analytics.database}.{name}"
    await workshop.run(f"CREATE TABLE {table} ENGINE = MergeTree ORDER BY file AS SELECT 1 AS file")

    # Also where the settings were turned off meanwhile.
    await LostRows(workshop.context).remove()

    assert (await lists(workshop), repaired("lost-rows")) == ([], before)


async def test_a_backup_knows_how_many_rows_were_let_go(workshop: Workshop) -> None:
    context = keeping(workshop, undo_days=7, originals_days=30)
    loser = await ingested(workshop, context, rows=3, amount="1.00")
    await ingested(workshop, context, rows=2, amount="2.00")
    workshop.desk.clock.turn(days=31)
    await Retention(context).expire_originals()

    await let_go(workshop, LostRows(context))

    row = await workshop.desk.row(loser.file_id)
    plan = Plan()
    plan.see("files", row.model_dump())
    (kept,) = [one for one in plan.rows if one.table == HISTORY]
    assert row.rows_imported == 3
    assert (kept.has_all(0), kept.has_all(1), kept.has_all(4)) == (False, True, False)
    # Of another attempt, the note says nothing.
    again = Plan()
    again.see("files", row.model_dump() | {"published_attempt": 2})
    assert [one.has_all(1) for one in again.rows if one.table == HISTORY] == [False]


def keeping(workshop: Workshop, **days: int) -> Context:
    """Return the context with other settings."""
    return replace(workshop.context, settings=workshop.context.settings.model_copy(update=days))


async def ingested(workshop: Workshop, context: Context, *, rows: int, amount: str) -> File:
    """Send a file whose keys are those of any other, and have it published."""
    file_id = await workshop.desk.send_and_pin(data=some_csv(rows, amount=amount))
    await JOBS["ingest"](context, file_id)
    return await workshop.desk.row(file_id)


async def let_go(workshop: Workshop, lost: LostRows) -> None:
    """Have lost rows let go, and wait until they are gone."""
    await lost.remove_now()
    await until_rewritten(workshop, HISTORY_TABLE)
    await lost.finish()


async def lists(workshop: Workshop) -> list[str]:
    """Return the lists of lost rows that are there."""
    found = await workshop.analytics.query(
        "SELECT name FROM system.tables WHERE startsWith(name, 'lost_')", comment="test"
    )
    return [str(name) for (name,) in found.rows]


async def current(workshop: Workshop, *files: File) -> set[tuple[UUID, int, str]]:
    """Return file, number and amount of every row of theirs that readers see."""
    found = await workshop.analytics.query(
        "SELECT toString(_file), _row, toString(amount)"
        f" FROM {workshop.analytics.database}.transactions_current"
        " WHERE toString(_file) IN {files:Array(String)}",
        parameters={"files": [str(file.file_id) for file in files]},
        comment="test",
    )
    return {(UUID(str(file)), int(str(row)), str(amount)) for file, row, amount in found.rows}


async def replayed(workshop: Workshop, *files: File) -> set[tuple[UUID, int, str]]:
    """Return the same from a current table that is made anew from history."""
    dataset = workshop.context.catalogue.get("transactions")
    assert dataset is not None
    await workshop.run(f"TRUNCATE TABLE {workshop.analytics.database}.transactions_current SYNC")
    published = [(file.file_id, file.published_attempt or 0) for file in files]
    await make_current(workshop.analytics, dataset, published, 99)
    return await current(workshop, *files)
