"""A publisher that is paused past its lock and wakes up late does no harm, wherever it slept."""

import asyncio

import pytest

from server.files.lifecycle import Outcome, Stage
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.sleeper import Sleeper
from worker.jobs import JOBS

GENERATION = "SELECT comment FROM system.tables"


@pytest.mark.parametrize(
    ("words", "occurrence"),
    [
        ("EXCHANGE TABLES", 1),
        ("CLONE AS", 1),
        # Between the generation that is read and the publication that names the next one.
        (GENERATION, 2),
        ("ATTACH PARTITION ALL FROM", 1),
        # Between the generation that is read and the record of what it means for others.
        (GENERATION, 1),
    ],
)
async def test_a_publisher_that_wakes_up_late_changes_nothing(
    workshop: Workshop, words: str, occurrence: int
) -> None:
    desk = workshop.desk
    sleeper = Sleeper(workshop.analytics, words, occurrence)
    slow = await desk.send_and_pin(
        data=some_csv(4, provider_code=f"slow-{words}-{occurrence}", amount="1")
    )
    sleeping = asyncio.create_task(JOBS["ingest"](sleeper.seen_by(workshop.context), slow))
    await sleeper.sleeps.wait()

    desk.clock.turn(seconds=31)
    quick = await workshop.ingested(3, provider_code=f"quick-{words}-{occurrence}")
    sleeper.may_wake.set()
    await sleeping
    after_waking = await workshop.rows("transactions_current", quick.file_id)
    desk.clock.turn(seconds=31)
    await JOBS["ingest"](workshop.context, slow)

    row = await desk.row(slow)
    assert (quick.is_at, row.is_at, row.attempt) == (Stage.COMPLETED, Stage.COMPLETED, 2)
    assert after_waking == {1: 3}
    assert await workshop.rows("transactions_current", quick.file_id) == {1: 3}
    assert await workshop.rows("transactions_current", slow) == {2: 4}
    assert (await desk.history(slow)).count("file.completed") == 1
    assert await workshop.tables() == set()


async def test_who_slept_while_settling_takes_no_living_publication_for_a_dead_one(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    first = await workshop.ingested(3, provider_code="settled")
    desk.clock.turn(seconds=1)
    twin = await workshop.ingested(3, provider_code="settled")
    other = await desk.send_and_pin(data=some_csv(2, provider_code="settling"))
    settling = Sleeper(workshop.analytics, GENERATION)
    sleeping = asyncio.create_task(JOBS["ingest"](settling.seen_by(workshop.context), other))
    await settling.sleeps.wait()
    desk.clock.turn(seconds=31)
    # The undo, which the twin inherits, is written down and about to happen.
    await desk.service.undo(ALICE, first.file_id)
    swapping = Sleeper(workshop.analytics, "EXCHANGE TABLES")
    undoing = asyncio.create_task(JOBS["undo"](swapping.seen_by(workshop.context), first.file_id))
    await swapping.sleeps.wait()

    settling.may_wake.set()
    await sleeping
    swapping.may_wake.set()
    await undoing

    undone, heir = await desk.row(first.file_id), await desk.row(twin.file_id)
    assert (undone.ended_as, undone.published_attempt) == (Outcome.UNDONE, None)
    assert (heir.ended_as, heir.duplicate_of) == (Outcome.IMPORTED, None)
    assert heir.published_attempt is not None
    seen = {heir.published_attempt: 3}
    assert await workshop.rows("transactions_current", heir.file_id) == seen
    assert await workshop.rows("transactions_current", first.file_id) == {}


async def test_a_copy_that_slept_is_no_duplicate_of_what_was_undone_meanwhile(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    first = await workshop.ingested(3, provider_code="copied")
    desk.clock.turn(seconds=1)
    copy = await desk.send_and_pin(data=some_csv(3, provider_code="copied"))
    # It has found the first file visible.
    sleeper = Sleeper(workshop.analytics, "_file = {earlier:UUID}")
    sleeping = asyncio.create_task(JOBS["ingest"](sleeper.seen_by(workshop.context), copy))
    await sleeper.sleeps.wait()
    desk.clock.turn(seconds=31)
    await desk.service.undo(ALICE, first.file_id)
    await JOBS["undo"](workshop.context, first.file_id)

    sleeper.may_wake.set()
    await sleeping
    desk.clock.turn(seconds=31)
    await JOBS["ingest"](workshop.context, copy)

    row = await desk.row(copy)
    assert (row.is_at, row.ended_as, row.duplicate_of) == (
        Stage.COMPLETED,
        Outcome.IMPORTED,
        None,
    )
    assert await workshop.rows("transactions_current", copy) == {2: 3}
    assert await workshop.rows("transactions_current", first.file_id) == {}
