"""Whoever looks for dead rows and was paused takes nothing for dead that another is writing."""

import asyncio

import pytest

from server.analytics.rows import Rows
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop
from tests.maintenance.sleeper import Sleeper
from worker.jobs import JOBS
from worker.maintenance.dead_rows import DeadRows

pytestmark = pytest.mark.slow


class EarlySleeper(Sleeper):
    """Sleeps before the question: its answer is fresh, and what was known before it is old."""

    async def query(self, sql: str, **asked: object) -> Rows:
        """See Analytics.query."""
        await self._sleep(sql)
        return await self._inner.query(sql, **asked)  # type: ignore[arg-type]  # as it came


async def test_a_paused_look_for_dead_rows_leaves_those_that_an_undo_is_copying(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    base = await workshop.ingested(3)
    desk.clock.turn(seconds=1)
    twin = await workshop.ingested(3)
    # Its first attempt died after it wrote rows: those are dead.
    history = f"{workshop.analytics.database}.transactions_history"
    await workshop.run(
        f"INSERT INTO {history} SELECT * REPLACE (toUUID('{twin.file_id}') AS _file)"
        f" FROM (SELECT * FROM {history} WHERE _file = toUUID('{base.file_id}'))"
    )
    await desk.set(twin.file_id, attempt=2)

    # The third time it asks it holds the dataset's lock.
    looker = EarlySleeper(workshop.analytics, "SELECT DISTINCT toString(_file), _attempt", 3)
    looking = asyncio.create_task(DeadRows(looker.seen_by(workshop.context)).delete())
    await looker.sleeps.wait()
    desk.clock.turn(seconds=31)
    await desk.service.undo(ALICE, base.file_id)
    # The heir's rows are copied, and the publication that names them is not prepared yet.
    undoer = Sleeper(workshop.analytics, "SELECT comment FROM system.tables", 2)
    undoing = asyncio.create_task(JOBS["undo"](undoer.seen_by(workshop.context), base.file_id))
    await undoer.sleeps.wait()
    looker.may_wake.set()
    await looking
    undoer.may_wake.set()
    await undoing

    assert await workshop.rows("transactions_current", twin.file_id) == {3: 3}
    assert await workshop.rows("transactions_history", twin.file_id) == {1: 3, 3: 3}
    await DeadRows(workshop.context).delete()
    assert await workshop.rows("transactions_history", twin.file_id) == {3: 3}
