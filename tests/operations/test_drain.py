"""While the appliance is drained nobody takes a file, and nothing is lost."""

import asyncio

from server.files.lifecycle import Outcome, Stage
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop, some_csv
from worker.jobs import JOBS
from worker.operations.drain import drain, end_drain
from worker.runner import Runner


async def test_what_arrives_waits_until_the_draining_ends(workshop: Workshop) -> None:
    told: list[int] = []
    await drain(workshop.context, told.append)
    file_id = await workshop.desk.send_and_pin(data=some_csv())
    runner = Runner(workshop.context, JOBS)

    await runner.run("ingest", file_id)
    waiting = (await workshop.desk.row(file_id)).is_at
    was_drained = await end_drain(workshop.context)
    await runner.run("ingest", file_id)
    await runner.settle()

    assert told == [0]
    assert waiting is Stage.QUEUED
    assert was_drained
    assert (await workshop.desk.row(file_id)).ended_as is Outcome.IMPORTED
    assert not await end_drain(workshop.context)
    await runner.stop()


async def test_draining_waits_for_who_works(workshop: Workshop) -> None:
    claim = await workshop.desk.claimed()
    told: list[int] = []
    begun = asyncio.Event()

    def tell(count: int) -> None:
        told.append(count)
        begun.set()

    draining = asyncio.create_task(drain(workshop.context, tell))
    await begun.wait()
    assert not draining.done()
    await workshop.desk.claims.release(claim, "worker-stopped", workshop.desk.clock.now)
    await draining

    assert told == [1, 0]


async def test_an_undo_waits_too(workshop: Workshop) -> None:
    file = await workshop.ingested()
    await drain(workshop.context, lambda _: None)
    await workshop.desk.service.undo(ALICE, file.file_id)

    await JOBS["undo"](workshop.context, file.file_id)
    waiting = await workshop.desk.row(file.file_id)
    await end_drain(workshop.context)
    await JOBS["undo"](workshop.context, file.file_id)

    assert waiting.undone_at is None
    assert (await workshop.desk.row(file.file_id)).ended_as is Outcome.UNDONE
