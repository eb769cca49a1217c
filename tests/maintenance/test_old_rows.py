"""Rejected and warned rows are kept for a set time; then the record alone tells of them."""

from datetime import timedelta

import pytest

from server.datasets.catalogue import Catalogue
from server.errors import NotFound
from server.files.answers import answer_file
from server.files.models import File
from server.files.rows_controller import rows_of
from server.telemetry.metrics import REGISTRY
from tests.fixtures.files import ALICE, until
from tests.fixtures.rows import good, to_csv
from tests.fixtures.workshop import Workshop
from worker.jobs import JOBS
from worker.maintenance.old_rows import OldRows

pytestmark = pytest.mark.slow

DAYS = 90
TABLE = "transactions_rejected"


async def judged(workshop: Workshop, **cells: str) -> File:
    """Send ten rows, the last with those cells, and have them judged; return the record."""
    rows = [good(number) for number in range(1, 11)]
    rows[9] |= cells
    file_id = await workshop.desk.send_and_pin(data=to_csv(rows).encode())
    await JOBS["ingest"](workshop.context, file_id)
    return await workshop.desk.row(file_id)


async def age(workshop: Workshop, file: File, seconds: int = 60) -> None:
    """Have the file ended its time and so many seconds ago."""
    ended = workshop.desk.clock() - timedelta(days=DAYS, seconds=seconds)
    await workshop.desk.set(file.file_id, completed_at=ended)


async def kept(workshop: Workshop, file: File) -> int:
    """Return how many of the file's rows are in the rejected table."""
    return sum((await workshop.rows(TABLE, file.file_id)).values())


def removed() -> float:
    """Return how many rows were counted as removed."""
    return REGISTRY.get_sample_value("tallydock_reported_rows_removed_total") or 0


async def test_rows_are_removed_when_their_time_is_over(workshop: Workshop) -> None:
    rejected = await judged(workshop, amount="x")
    warned = await judged(workshop, installment_count="x", transaction_id="w")
    clean = await judged(workshop, transaction_id="c")
    old_rows = OldRows(workshop.context)
    before = removed()

    recent = await judged(workshop, amount="x", merchant_reference="later")
    for file in (rejected, warned, clean):
        await age(workshop, file, seconds=-60)
    await until(old_rows.remove_now)
    early = [await kept(workshop, file) for file in (rejected, warned)]
    for file in (rejected, warned, clean):
        await age(workshop, file, seconds=60)
    for _ in range(2):
        await until(old_rows.remove_now)

    assert early == [1, 1]
    assert [await kept(workshop, file) for file in (rejected, warned, recent)] == [0, 0, 1]
    assert removed() - before == 2
    for file in (rejected, warned):
        now = await workshop.desk.row(file.file_id)
        links = answer_file(now).links
        assert (links.rejected_rows, links.rejected_rows_csv, links.warned_rows) == (None,) * 3
        assert (now.statistics, now.issues) == (file.statistics, file.issues)
        assert (await workshop.desk.history(file.file_id)).count("rows.removed") == 1
        with pytest.raises(NotFound, match="removed on"):
            rows_of(now, Catalogue.built_in())
    for file in (clean, recent):
        assert answer_file(await workshop.desk.row(file.file_id)).links.rejected_rows is not None
        assert "rows.removed" not in await workshop.desk.history(file.file_id)


async def test_the_record_says_so_only_once_they_are_gone(workshop: Workshop) -> None:
    file = await judged(workshop, amount="x")
    await age(workshop, file)
    rejected = f"{workshop.analytics.database}.{TABLE}"

    await workshop.run(f"SYSTEM STOP MERGES {rejected}")
    try:
        ended = [await OldRows(workshop.context).remove_now() for _ in range(3)]
        told = (await workshop.desk.row(file.file_id)).rows_removed_at
        started = await workshop.analytics.query(
            "SELECT count() FROM system.mutations WHERE table = {table:String} AND NOT is_done",
            parameters={"table": TABLE},
            comment="test",
        )
    finally:
        await workshop.run(f"SYSTEM START MERGES {rejected}")
    await until(OldRows(workshop.context).remove_now)

    assert (ended, told, started.rows) == ([False] * 3, None, [(1,)])
    assert await kept(workshop, file) == 0
    assert (await workshop.desk.row(file.file_id)).rows_removed_at is not None


async def test_a_reprocess_brings_the_rows_back(workshop: Workshop) -> None:
    file = await judged(workshop, amount="x")
    await age(workshop, file)
    old_rows = OldRows(workshop.context)
    await until(old_rows.remove_now)

    await workshop.desk.service.reprocess(ALICE, file.file_id)
    await JOBS["ingest"](workshop.context, file.file_id)
    await until(old_rows.remove_now)

    now = await workshop.desk.row(file.file_id)
    assert now.rows_removed_at is None
    assert await kept(workshop, file) == 1
    assert rows_of(now, Catalogue.built_in()) is not None


async def test_rows_removed_before_the_record_said_so_are_told_of_later(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await judged(workshop, amount="x")
    await age(workshop, file)

    async def die(_self: OldRows, _files: object) -> None:
        message = "killed"
        raise OSError(message)

    with monkeypatch.context() as killed:
        killed.setattr(OldRows, "_tell", die)
        with pytest.raises(OSError, match="killed"):
            await until(OldRows(workshop.context).remove_now)
    await until(OldRows(workshop.context).remove_now)

    assert await kept(workshop, file) == 0
    assert (await workshop.desk.row(file.file_id)).rows_removed_at is not None
