"""What a dead run still has running in ClickHouse is stopped before the next run works."""

import asyncio

import pytest

from server.errors import AnalyticsUnavailable
from server.files.lifecycle import Stage
from tests.fixtures.files import ALICE, until
from tests.fixtures.workshop import Workshop, some_csv
from worker.jobs import JOBS

# Runs for hours unless it is stopped.
ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"


async def left_running(workshop: Workshop, comment: str) -> asyncio.Task[object]:
    """Have a statement run that nobody waits for any more."""
    running = asyncio.create_task(workshop.analytics.query(ENDLESS, comment=comment))

    async def is_seen() -> bool:
        found = await workshop.analytics.query(
            "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {c:String}",
            parameters={"c": comment},
            comment="test",
        )
        return found.rows == [(1,)]

    await until(is_seen)
    return asyncio.ensure_future(running)


async def test_the_next_attempt_stops_the_statements_of_the_one_that_died(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    file_id = await desk.send_and_pin(data=some_csv(4, provider_code="stopped"))
    dead = await desk.claims.claim(file_id, "host:1/dead")
    assert dead is not None
    running = await left_running(workshop, workshop.attempt(dead).comment)
    desk.clock.turn(seconds=31)

    await JOBS["ingest"](workshop.context, file_id)

    with pytest.raises(AnalyticsUnavailable):
        await running
    row = await desk.row(file_id)
    assert (row.is_at, row.attempt) == (Stage.COMPLETED, 2)


async def test_the_next_run_of_an_undo_stops_the_statements_of_the_one_that_died(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    file = await workshop.ingested(3, provider_code="taken")
    await desk.service.undo(ALICE, file.file_id)
    dead = await desk.claims.claim_undo(file.file_id, "host:1/dead")
    assert dead is not None
    running = await left_running(workshop, workshop.attempt(dead).comment)
    desk.clock.turn(seconds=31)

    await JOBS["undo"](workshop.context, file.file_id)

    with pytest.raises(AnalyticsUnavailable):
        await running
    assert (await desk.row(file.file_id)).undone_at is not None
