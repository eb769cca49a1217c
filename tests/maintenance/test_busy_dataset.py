"""A publication that takes long holds up neither other datasets nor the slots of a worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from server.files.lifecycle import Stage
from server.files.repository import list_events
from server.files.turns import next_turn
from tests.fixtures.files import ALICE, until
from tests.fixtures.workshop import Workshop, some_csv
from worker.ingest import attempt
from worker.ingest.dataset_lock import dataset_lock
from worker.jobs import JOBS


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have publishers wait for a moment only."""
    monkeypatch.setattr(attempt, "PATIENCE_SECONDS", 0.1)


@asynccontextmanager
async def publishing(workshop: Workshop, dataset: str = "transactions") -> AsyncIterator[None]:
    """Be another worker, whose publication lasts as long as the block."""
    async with dataset_lock(workshop.context, dataset, "host:1/slow"):
        yield


async def test_a_small_file_gives_its_slot_back_and_is_published_later(workshop: Workshop) -> None:
    desk = workshop.desk
    file_id = await desk.send_and_pin(data=some_csv(3, provider_code="small"))

    async with publishing(workshop):
        await JOBS["ingest"](workshop.context, file_id)
        waiting = await desk.row(file_id)
        left = await workshop.tables()
    desk.clock.turn(seconds=3)
    await JOBS["ingest"](workshop.context, file_id)

    assert (waiting.is_at, waiting.faults, waiting.failure) == (Stage.QUEUED, 0, None)
    assert waiting.not_before is not None
    assert left == set()
    row = await desk.row(file_id)
    assert (row.is_at, row.attempt) == (Stage.COMPLETED, 2)
    async with desk.units.begin() as unit:
        told = [e.detail for e in await list_events(unit, row) if e.cause == "file.put-back"]
    assert told == [{"code": "dataset-busy", "faults": 0, "outages": 0, "attempt": 1}]


async def test_a_large_file_waits_in_its_own_lane_with_what_it_has_staged(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    settings = desk.settings.model_copy(update={"large_file_bytes": 10})
    context = replace(workshop.context, settings=settings)
    file_id = await desk.send_and_pin(data=some_csv(3, provider_code="large"))

    async with publishing(workshop):
        job = asyncio.ensure_future(JOBS["ingest"](context, file_id))

        async def is_publishing() -> bool:
            return (await desk.row(file_id)).is_at is Stage.PUBLISHING

        await until(is_publishing)
        await asyncio.sleep(0.5)
        assert not job.done()
    await job

    row = await desk.row(file_id)
    assert (row.is_at, row.attempt) == (Stage.COMPLETED, 1)


async def test_an_undo_gives_its_slot_back_too(workshop: Workshop) -> None:
    desk = workshop.desk
    file = await workshop.ingested(3, provider_code="undone")
    await desk.service.undo(ALICE, file.file_id)

    async with publishing(workshop):
        await JOBS["undo"](workshop.context, file.file_id)
        waiting = await desk.row(file.file_id)
    desk.clock.turn(seconds=3)
    await JOBS["undo"](workshop.context, file.file_id)

    assert (waiting.undone_at, waiting.faults, waiting.lease_owner) == (None, 0, None)
    assert (await desk.row(file.file_id)).undone_at is not None


async def test_files_of_a_dataset_that_is_published_come_after_the_others(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    busy = await desk.send_and_pin()
    free = await desk.send_and_pin()
    await desk.set(free, dataset_type="orders")

    async def turn() -> object:
        async with desk.units.begin() as unit:
            found = await next_turn(unit, desk.clock.now, per_workspace=4, most_bytes=None)
        return found.file_id if found else None

    async with publishing(workshop):
        assert await turn() == free
        await desk.set(free, stage="failed")
        assert await turn() == busy
        await desk.set(free, stage="queued")

    assert await turn() == busy
