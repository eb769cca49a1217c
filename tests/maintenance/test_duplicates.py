"""A file of the same bytes changes nothing, and its history says what has become of the first."""

from server.files.lifecycle import Outcome
from server.files.repository import list_events
from tests.fixtures.files import ALICE
from tests.fixtures.rows import good, to_csv
from tests.fixtures.workshop import Workshop, some_csv
from worker.jobs import JOBS


async def test_a_duplicates_history_says_how_many_rows_newer_files_have_replaced_since(
    workshop: Workshop,
) -> None:
    desk = workshop.desk

    async def ingested(first: int, last: int, amount: str) -> str:
        cells = {"provider_code": "same", "amount": amount}
        data = to_csv([good(number, **cells) for number in range(first, last + 1)]).encode()
        file_id = await desk.send_and_pin(data=data)
        await JOBS["ingest"](workshop.context, file_id)
        row = await desk.row(file_id)
        async with desk.units.begin() as unit:
            *_, last_event = await list_events(unit, row)
        assert row.outcome == Outcome.DUPLICATE or last_event.detail.get("outcome") == "imported"
        return str(last_event.detail.get("rowsReplacedSince", ""))

    await ingested(1, 9, "1.00")
    at_once = await ingested(1, 9, "1.00")
    await ingested(4, 6, "2.00")
    later = await ingested(1, 9, "1.00")

    assert (at_once, later) == ("0", "3")


async def test_a_file_that_was_only_to_be_judged_never_takes_the_place_of_an_undone_one(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    first = await workshop.ingested(3, provider_code="judged")
    judged = await desk.send_and_pin(data=some_csv(3, provider_code="judged"))
    await desk.set(judged, options={"dryRun": True})
    await JOBS["ingest"](workshop.context, judged)
    await desk.service.undo(ALICE, first.file_id)

    await JOBS["undo"](workshop.context, first.file_id)

    row = await desk.row(judged)
    assert (row.outcome, row.published_attempt) == (Outcome.DUPLICATE, None)
    assert await workshop.rows("transactions_current", judged) == {}
    assert await workshop.rows("transactions_current", first.file_id) == {}
