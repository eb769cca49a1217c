"""The worker with a real Valkey: picks up at once, through restarts, wipes and lost connections."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from server.files.claims import Claim
from server.files.lifecycle import Stage
from server.queue import ArqQueue
from server.unit_of_work import UnitsOfWork
from tests.fixtures.files import Desk, until
from tests.fixtures.worker import ToldPipeline, import_it, last_for_ever
from worker import appliance
from worker.context import Context
from worker.embedded.valkey import ValkeyChild
from worker.main import run_worker


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyChild]:
    child = ValkeyChild(tmp_path)
    child.start()
    yield child
    child.stop()


@asynccontextmanager
async def working(desk: Desk, context: Context, valkey: ValkeyChild) -> AsyncIterator[ArqQueue]:
    """Run a worker, and give the queue that wakes it."""
    settings = context.settings.model_copy(
        update={"valkey_url": valkey.url, "sweep_seconds": 0.2, "jobs_at_once": 2}
    )
    queue = ArqQueue(valkey.url)
    units = UnitsOfWork(desk.units._sessions, queue)
    context = Context(**{**vars(context), "settings": settings, "queue": queue, "units": units})
    desk.service.arrivals._units = units
    task = asyncio.create_task(run_worker(context))
    await asyncio.sleep(0.1)
    yield queue
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(task, return_exceptions=True)
    await queue.close()


async def ends(desk: Desk, file_id: UUID) -> None:
    """Wait until the file is Completed."""

    async def is_completed() -> bool:
        return (await desk.row(file_id)).is_at is Stage.COMPLETED

    await until(is_completed)


async def test_a_woken_file_is_picked_up_at_once(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    async with working(desk, context, valkey):
        for _ in range(3):
            await ends(desk, await desk.send_and_pin())

    assert len(told.claims) == 3


async def test_a_file_that_was_told_of_while_valkey_was_wiped_ends(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    file_id = await desk.send_and_pin()

    async with working(desk, context, valkey), Redis.from_url(valkey.url) as redis:
        await redis.flushall()
        await ends(desk, file_id)


async def test_files_end_while_valkey_is_away_and_when_it_is_back(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    async with working(desk, context, valkey) as queue:
        await ends(desk, await desk.send_and_pin())
        valkey.stop()
        await ends(desk, await desk.send_and_pin())
        valkey.start()
        await until(partial(_answers, queue))
        await ends(desk, await desk.send_and_pin())


async def test_work_goes_on_when_the_connection_breaks(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    may_end = asyncio.Event()

    async def work(context: Context, claim: Claim) -> None:
        await may_end.wait()
        await import_it(context, claim)

    told.work = work
    async with working(desk, context, valkey):
        file_id = await desk.send_and_pin()
        await told.has_begun.wait()
        valkey.stop()
        await asyncio.sleep(0.3)
        may_end.set()
        await ends(desk, file_id)

    assert not told.was_cancelled.is_set()
    assert len(told.claims) == 1


async def test_a_stopped_worker_hands_its_files_back(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    told.work = last_for_ever
    async with working(desk, context, valkey):
        file_id = await desk.send_and_pin()
        await told.has_begun.wait()

    row = await desk.row(file_id)
    assert (row.is_at, row.lease_owner) == (Stage.QUEUED, None)


async def test_a_worker_that_is_stopped_while_it_looks_leaves_no_connection(
    desk: Desk,
    context: Context,
    told: ToldPipeline,
    valkey: ValkeyChild,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told.work, looks = last_for_ever, asyncio.Event()
    reset: Callable[[Pipeline], Awaitable[None]] = Pipeline.reset

    async def reset_slowly(pipeline: Pipeline) -> None:
        looks.set()
        await asyncio.sleep(0.05)
        await reset(pipeline)

    monkeypatch.setattr(Pipeline, "reset", reset_slowly)
    async with working(desk, context, valkey):
        await desk.send_and_pin()
        await told.has_begun.wait()
        looks.clear()
        await looks.wait()

    gc.collect()  # what was left open warns, and a warning fails the test


async def test_a_call_of_a_killed_worker_is_not_dead_for_hours(
    desk: Desk, context: Context, told: ToldPipeline, valkey: ValkeyChild
) -> None:
    told.work = last_for_ever
    file_id = await desk.send_and_pin()
    async with Redis.from_url(valkey.url) as redis, working(desk, context, valkey):
        await told.has_begun.wait()
        life = await redis.pttl(f"arq:in-progress:ingest:{file_id}")

    assert 0 < life <= context.settings.lease_seconds * 1000


async def test_who_calls_at_once_shares_one_connection(valkey: ValkeyChild) -> None:
    queue = ArqQueue(valkey.url)

    await asyncio.gather(*(queue.ping() for _ in range(3)))
    await queue.close()

    gc.collect()  # what was left open warns, and a warning fails the test


def test_a_server_left_behind_is_ended(tmp_path: Path) -> None:
    left, following = ValkeyChild(tmp_path), ValkeyChild(tmp_path)
    left.start()

    following.start()

    assert following.is_running
    assert left._process is not None
    assert left._process.wait(5) != 0
    following.stop()


async def test_a_valkey_that_dies_while_it_starts_is_started_again(
    valkey: ValkeyChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch, deaths = valkey._launch, 2

    def launch_and_die() -> None:
        nonlocal deaths
        launch()
        if deaths and valkey._process is not None:
            deaths -= 1
            valkey._process.kill()
            valkey._process.wait()

    monkeypatch.setattr(valkey, "_launch", launch_and_die)
    monkeypatch.setattr(appliance, "_WATCH_SECONDS", 0.05)
    valkey.stop()
    queue = ArqQueue(valkey.url)

    watching = asyncio.create_task(appliance._keep_alive(valkey))
    await until(partial(_answers, queue))

    assert not watching.done()
    watching.cancel()
    await queue.close()


async def _answers(queue: ArqQueue) -> bool:
    try:
        await queue.ping()
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer
        return False
    return True
