"""A file's last attempt that breaks off leaves a Failed file without rows, or a Completed one."""

import asyncio
import contextlib
from uuid import UUID

import pytest

from server.errors import AnalyticsUnavailable
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.sleeper import Sleeper
from worker.jobs import JOBS

BREAKS = [
    # The statement at which it breaks off, whether that is done, whether its rows are visible.
    pytest.param("CREATE TABLE", True, False, id="while loading"),
    pytest.param("EXCHANGE TABLES", False, False, id="before the swap"),
    pytest.param("EXCHANGE TABLES", True, True, id="after the swap"),
]


pytestmark = pytest.mark.slow


class Leaver(Sleeper):
    """ClickHouse, which goes away where the other sleeps."""

    async def _sleep(self, sql: str) -> None:
        if self._words in sql:
            self.sleeps.set()
        if self.sleeps.is_set():
            message = "away"
            raise AnalyticsUnavailable(message)


async def last_attempt(workshop: Workshop, file: File) -> None:
    """Have one attempt left at the file."""
    await workshop.desk.set(file.file_id, faults=workshop.desk.settings.max_attempts - 1)


async def killed(workshop: Workshop, file: File, words: str, *, is_done: bool) -> None:
    """Run the job until it breaks off there, for ever."""
    sleeper = Sleeper(workshop.analytics, words, is_done=is_done)
    running = asyncio.create_task(JOBS["ingest"](sleeper.seen_by(workshop.context), file.file_id))
    await sleeper.sleeps.wait()
    # What the dead write no more: the lease is another's when its task ends.
    workshop.desk.clock.turn(seconds=31)
    await JOBS["ingest"](workshop.context, file.file_id)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize(("words", "is_done", "is_visible"), BREAKS)
async def test_a_file_whose_last_worker_dies_is_failed_only_if_nobody_sees_its_rows(
    workshop: Workshop, words: str, is_done: bool, is_visible: bool
) -> None:
    file_id = await workshop.desk.send_and_pin(
        data=some_csv(4, provider_code=f"dies-{words}-{is_done}")
    )
    await last_attempt(workshop, await workshop.desk.row(file_id))

    await killed(workshop, await workshop.desk.row(file_id), words, is_done=is_done)

    await check(workshop, file_id, is_visible=is_visible)


@pytest.mark.parametrize(("words", "is_done", "is_visible"), BREAKS)
async def test_a_file_is_not_given_up_while_nobody_knows_whether_its_rows_are_seen(
    workshop: Workshop, words: str, is_done: bool, is_visible: bool
) -> None:
    desk = workshop.desk
    file_id = await desk.send_and_pin(data=some_csv(4, provider_code=f"away-{words}-{is_done}"))
    await last_attempt(workshop, await desk.row(file_id))
    away = Leaver(workshop.analytics, words, is_done=is_done).seen_by(workshop.context)

    await JOBS["ingest"](away, file_id)
    desk.clock.turn(seconds=301)
    await JOBS["ingest"](away, file_id)
    meanwhile = await desk.row(file_id)
    desk.clock.turn(seconds=301)
    await JOBS["ingest"](workshop.context, file_id)

    is_undecided = words == "EXCHANGE TABLES"
    assert meanwhile.is_at is (Stage.QUEUED if is_undecided else Stage.FAILED)
    await check(workshop, file_id, is_visible=is_visible)


@pytest.mark.parametrize(("words", "is_done", "is_visible"), BREAKS)
async def test_a_reprocess_whose_last_worker_dies_tells_of_the_rows_that_are_seen(
    workshop: Workshop, words: str, is_done: bool, is_visible: bool
) -> None:
    desk = workshop.desk
    file = await workshop.ingested(4, provider_code=f"again-{words}-{is_done}")
    await desk.service.reprocess(ALICE, file.file_id)
    await last_attempt(workshop, file)

    await killed(workshop, file, words, is_done=is_done)

    row = await desk.row(file.file_id)
    told = 2 if is_visible else 1
    assert (row.is_at, row.ended_as) == (Stage.COMPLETED, Outcome.IMPORTED)
    assert (row.judged_attempt, row.published_attempt) == (told, told)
    assert await workshop.rows("transactions_current", file.file_id) == {told: 4}


async def check(workshop: Workshop, file_id: UUID, *, is_visible: bool) -> None:
    """Hold the file's record to what readers see of it, also once another one is published."""
    await workshop.ingested(1, provider_code=f"after-{file_id}")
    row = await workshop.desk.row(file_id)
    seen = await workshop.rows("transactions_current", file_id)
    if is_visible:
        assert (row.is_at, row.ended_as) == (Stage.COMPLETED, Outcome.IMPORTED)
        assert (row.published_attempt, seen) == (1, {1: 4})
    else:
        assert (row.is_at, row.ended_as) == (Stage.FAILED, Outcome.FAILED)
        assert (row.published_attempt, seen) == (None, {})
