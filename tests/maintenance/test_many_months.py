"""However many months a file is about, it is published, taken back, and put in another's place."""

import pytest

from tests.fixtures.files import ALICE
from tests.fixtures.rows import good, to_csv
from tests.fixtures.workshop import Workshop
from worker.jobs import JOBS

# More than ClickHouse lets one insert touch by default.
MONTHS = [f"{year}-{month:02d}" for year in range(2010, 2020) for month in range(1, 13)]
ROWS = len(MONTHS)


def over_all_months(rows: int, amount: str) -> bytes:
    """Return rows of which each is in the month after the one before."""
    return to_csv(
        [
            good(number, created_at=f"{MONTHS[number % ROWS]}-05 08:00:00", amount=amount)
            for number in range(rows)
        ]
    ).encode()


@pytest.mark.slow
async def test_a_file_over_ten_years_is_published_below_a_newer_one_and_handed_on(
    workshop: Workshop,
) -> None:
    desk = workshop.desk
    older = await desk.send_and_pin(data=over_all_months(2 * ROWS, "1.00"))
    newer, twin = [await desk.send_and_pin(data=over_all_months(ROWS, "2.00")) for _ in range(2)]
    # The older one ends last: half of its rows are outdated.
    for file_id in (newer, older, twin):
        await JOBS["ingest"](workshop.context, file_id)

    await desk.service.undo(ALICE, newer)
    await JOBS["undo"](workshop.context, newer)
    handed_on = {file: await workshop.rows("transactions_current", file) for file in (older, twin)}
    desk.clock.turn(seconds=1)
    await desk.service.undo(ALICE, twin)
    await JOBS["undo"](workshop.context, twin)
    taken_back = await workshop.rows("transactions_current", older)

    assert (await desk.row(older)).failure is None
    assert handed_on == {older: {1: ROWS}, twin: {2: ROWS}}
    assert taken_back == {1: 2 * ROWS}
