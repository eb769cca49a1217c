"""Work is fair: a large file holds up no small one, and no workspace another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from server.access.principal import Principal
from server.files.claims import Claim
from server.files.lifecycle import Stage
from server.telemetry.metrics import QUEUE_AGE_SECONDS, QUEUED_FILES
from tests.fixtures.files import ALICE, MALLORY, Desk, until
from tests.fixtures.worker import ToldPipeline, import_it
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance.gauges import set_gauges
from worker.runner import Runner

LARGE = 5 * 2**30


class Pace:
    """A pipeline that begins files and ends each when it is told to."""

    def __init__(self, told: ToldPipeline) -> None:
        self.begun: list[UUID] = []
        self._may_end: dict[UUID, asyncio.Event] = {}
        told.work = self._work

    async def _work(self, context: Context, claim: Claim) -> None:
        self.begun.append(claim.file_id)
        await self._may_end.setdefault(claim.file_id, asyncio.Event()).wait()
        await import_it(context, claim)

    def end(self, *file_ids: UUID) -> None:
        """Let files end, also those that have not begun."""
        for file_id in file_ids:
            self._may_end.setdefault(file_id, asyncio.Event()).set()

    async def has_begun(self, count: int) -> None:
        """Wait until so many files have begun."""

        async def is_so() -> bool:
            return len(self.begun) >= count

        await until(is_so)


@asynccontextmanager
async def runners(context: Context, count: int = 1, **settings: int) -> AsyncIterator[list[Runner]]:
    """Give workers with two slots each; a call one of them makes reaches them all."""
    changed = context.settings.model_copy(update={"jobs_at_once": 2, **settings})
    working: list[Runner] = []

    class Calls:
        async def wake(self, job: str, file_id: UUID) -> None:
            for runner in working:
                _ = runner.start(job, file_id)

        async def ping(self) -> None: ...

    own = replace(context, settings=changed, queue=Calls())
    working += [Runner(own, JOBS) for _ in range(count)]
    yield working
    for runner in working:
        await runner.stop()


def call(workers: list[Runner], *file_ids: UUID) -> None:
    """Call every worker for every file, as Valkey and the sweep do."""
    for file_id in file_ids:
        for runner in workers:
            _ = runner.start("ingest", file_id)


async def completed(desk: Desk, *file_ids: UUID) -> None:
    """Wait until the files are Completed."""

    async def are_so() -> bool:
        rows = [await desk.row(file_id) for file_id in file_ids]
        return all(row.is_at is Stage.COMPLETED for row in rows)

    await until(are_so)


async def sent(desk: Desk, count: int, who: Principal = ALICE, size_bytes: int = 9) -> list[UUID]:
    """Have files that wait for a worker."""
    made = [await desk.send_and_pin(who) for _ in range(count)]
    for file_id in made:
        await desk.set(file_id, size_bytes=size_bytes)
    return made


async def test_large_files_leave_a_slot_to_small_ones(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    pace = Pace(told)
    large, small = await sent(desk, 3, size_bytes=LARGE), await sent(desk, 4)
    pace.end(*small)

    async with runners(context) as workers:
        call(workers, *large, *small)
        await completed(desk, *small)
        still = list(pace.begun)
        pace.end(*large)
        # Nobody calls again: the end of one calls for the next.
        await completed(desk, *large)

    assert [file_id for file_id in still if file_id in large] == large[:1]
    assert [file_id for file_id in pace.begun if file_id in large] == large


async def test_a_workspace_with_many_files_does_not_hold_up_another(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    pace = Pace(told)
    many, one = await sent(desk, 6), await sent(desk, 1, MALLORY)

    async with runners(context) as workers:
        call(workers, *many, *one)
        await pace.has_begun(2)
        assert set(pace.begun) == {many[0], *one}
        pace.end(*many, *one)
        await completed(desk, *many, *one)

    assert [file_id for file_id in pace.begun if file_id in many] == many


async def test_a_workspace_has_as_many_files_worked_on_as_it_may(
    desk: Desk, context: Context, told: ToldPipeline
) -> None:
    pace = Pace(told)
    many = await sent(desk, 5)

    async with runners(context, count=2, jobs_per_workspace=1) as workers:
        call(workers, *many)
        for place, file_id in enumerate(many, start=1):
            await pace.has_begun(place)
            call(workers, *many)
            assert pace.begun == many[:place]
            pace.end(file_id)
            await completed(desk, file_id)

    assert pace.begun == many


async def test_the_queue_is_told_by_size_and_age(desk: Desk, context: Context) -> None:
    await sent(desk, 2)
    await sent(desk, 1, size_bytes=LARGE)
    desk.clock.turn(seconds=90)

    await set_gauges(context)

    assert QUEUED_FILES.labels(size="small")._value.get() == 2
    assert QUEUED_FILES.labels(size="large")._value.get() == 1
    assert 80 < QUEUE_AGE_SECONDS.labels(size="small")._value.get() < 120
