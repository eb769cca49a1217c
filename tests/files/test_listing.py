"""The list: pages see each file once, filters narrow, cursors are opaque."""

from datetime import datetime
from uuid import UUID

import pytest

from server.errors import Malformed
from server.files.lifecycle import Outcome, Stage, Status
from server.files.listing import Query, Window, count_stages, read_window
from tests.fixtures.files import ALICE, MALLORY, Desk


async def pages(desk: Desk, query: Query) -> list[UUID]:
    seen: list[UUID] = []
    after: str | None = None
    while True:
        asked = Query(**{**query.__dict__, "after": after})
        page = await desk.service.page(ALICE.workspace_id, asked)
        seen += [file.file_id for file in page.files]
        after = page.next_cursor
        if after is None:
            return seen


async def test_pages_see_each_file_once_newest_first(desk: Desk) -> None:
    made = [await desk.ask() for _ in range(7)]
    await desk.ask(MALLORY)

    assert await pages(desk, Query(size=2)) == made[::-1]
    assert await pages(desk, Query(size=3, is_oldest_first=True)) == made
    assert await pages(desk, Query(size=7)) == made[::-1]


async def test_files_that_come_meanwhile_do_not_move_the_pages(desk: Desk) -> None:
    made = [await desk.ask() for _ in range(4)]
    first = await desk.service.page(ALICE.workspace_id, Query(size=2))
    desk.clock.turn(seconds=1)
    await desk.ask()

    second = await desk.service.page(ALICE.workspace_id, Query(size=2, after=first.next_cursor))

    assert [file.file_id for file in second.files] == made[1::-1]


async def test_filters_narrow_the_list(desk: Desk) -> None:
    cancelled = await desk.ask(body={"file": {"name": "Report_100%.CSV", "type": "csv"}})
    await desk.service.cancel(ALICE, cancelled)
    orders = await desk.ask(body={"datasetType": "orders"})
    desk.clock.turn(hours=1)
    late = await desk.ask()
    now = desk.clock.now

    async def listed(query: Query) -> list[UUID]:
        return await pages(desk, query)

    assert await listed(Query(statuses=(Status.FAILED,))) == [cancelled]
    assert await listed(Query(statuses=(Status.FAILED, Status.PENDING))) == [
        late,
        orders,
        cancelled,
    ]
    assert await listed(Query(outcomes=(Outcome.CANCELLED,))) == [cancelled]
    assert await listed(Query(dataset_types=("orders",))) == [orders]
    assert await listed(Query(name="report_100%")) == [cancelled]
    assert await listed(Query(name="_10_")) == []
    assert await listed(Query(created_at=Window(now, None))) == [late]
    assert await listed(Query(created_at=Window(None, now))) == [orders, cancelled]


async def test_stages_are_counted(desk: Desk) -> None:
    await desk.ask()
    await desk.send_and_pin()

    async with desk.units.begin() as unit:
        counts = await count_stages(unit, ALICE.workspace_id)

    assert {stage: count for stage, count in counts.items() if count} == {
        Stage.AWAITING_UPLOAD: 1,
        Stage.QUEUED: 1,
    }


@pytest.mark.parametrize("cursor", ["x", "", "AAAA", "é", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LngK"])
async def test_a_cursor_that_was_not_given_out_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(Malformed):
        await desk.service.page(ALICE.workspace_id, Query(after=cursor))


@pytest.mark.parametrize(
    ("text", "start", "before"),
    [
        ("[2025-01-01,2025-02-01)", "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"),
        ("2025-01-01,2025-02-01", "2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z"),
        ("[2025-01-01T10:00:00 02:00,)", "2025-01-01T08:00:00Z", None),
        ("[,2025-01-01T10:00:00Z)", None, "2025-01-01T10:00:00Z"),
    ],
)
def test_windows(text: str, start: str | None, before: str | None) -> None:
    window = read_window(text, "filter[createdAt]")

    assert window == Window(
        datetime.fromisoformat(start) if start else None,
        datetime.fromisoformat(before) if before else None,
    )


@pytest.mark.parametrize("text", ["yesterday", "[2025-13-01,)", "[1,2,3)", "2025-01-01"])
def test_other_windows_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_window(text, "filter[createdAt]")
