"""The history of a file: complete, with time, actor and cause, and never changed."""

from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.db.engine import create_engine
from server.db.migrate import migrate
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.files.repository import change, list_events
from server.schema import metadata
from tests.fixtures.files import ALICE, Desk
from tests.fixtures.worker import IMPORTED

LINE = (
    "INSERT INTO file_events (event_id, file_id, workspace_id, at, actor, cause, detail)"
    " VALUES ('{0}', '{0}', 'w', '2026-01-01 00:00:00+00:00', 'a', 'c', '{{}}')"
)
ID = "0193a1b2000070008000000000000001"


@pytest.mark.parametrize(
    "statement", ["UPDATE file_events SET actor = 'nobody'", "DELETE FROM file_events"]
)
async def test_the_database_refuses_to_change_what_was_written(
    each_database_url: str, statement: str
) -> None:
    engine = create_engine(each_database_url)
    await migrate(engine, metadata)
    async with engine.begin() as connection:
        await connection.execute(text(LINE.format(ID)))

    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))

    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT actor FROM file_events"))).all() == [("a",)]
    await engine.dispose()


async def test_every_change_from_asking_to_undo_has_its_time_its_actor_and_its_cause(
    desk: Desk,
) -> None:
    claim = await desk.claimed()
    desk.clock.turn(seconds=31)
    second = await desk.claims.claim(claim.file_id, "two")
    assert second is not None
    await desk.claims.release(second, "internal", desk.clock.now)
    third = await desk.claims.claim(claim.file_id, "three")
    assert third is not None
    await desk.claims.advance(third, Stage.LOADING, "file.inspected")
    await desk.claims.advance(third, Stage.PUBLISHING, "file.loaded")
    await desk.claims.finish(third, IMPORTED)
    await desk.service.undo(ALICE, claim.file_id)
    undo = await desk.claims.claim_undo(claim.file_id, "four")
    assert undo is not None
    await desk.claims.finish_undo(undo)

    file = await desk.row(claim.file_id)
    async with desk.units.begin() as unit:
        events = await list_events(unit, file)

    assert [(event.cause, event.actor) for event in events] == [
        ("upload.requested", "key:alice"),
        ("object.pinned", "storage"),
        ("file.claimed", "worker:test"),
        ("file.reclaimed", "worker:test"),
        ("file.put-back", "worker:test"),
        ("file.claimed", "worker:test"),
        ("file.inspected", "worker:test"),
        ("file.loaded", "worker:test"),
        ("file.completed", "worker:test"),
        ("undo.requested", "key:alice"),
        ("undo.claimed", "worker:test"),
        ("file.undone", "worker:test"),
    ]
    # Without a gap: each line begins in the stage in which the one before it ended.
    for earlier, later in pairwise(events):
        assert (later.stage_before, earlier.at <= later.at) == (earlier.stage_after, True)
    assert (file.stage, file.outcome) == (events[-1].stage_after, Outcome.UNDONE)


@pytest.mark.parametrize("values", [{"stage": "failed"}, {"outcome": "undone"}])
async def test_no_change_of_state_is_made_without_a_cause(
    desk: Desk, values: dict[str, object]
) -> None:
    file_id = await desk.ask()
    before: File = await desk.row(file_id)

    with pytest.raises(ValueError, match="no cause"):
        async with desk.units.begin() as unit:
            await change(unit, file_id, None, values=values)

    assert await desk.row(file_id) == before
