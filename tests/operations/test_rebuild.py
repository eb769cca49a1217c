"""ClickHouse built anew shows what it showed before."""

import pytest

from server.datasets.tables import current_table
from server.files.lifecycle import Outcome
from server.files.models import File
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop
from worker.jobs import JOBS
from worker.operations.drain import drain, end_drain
from worker.operations.rebuild import CannotRebuild, rebuild

pytestmark = pytest.mark.slow


async def shown(workshop: Workshop, *files: File) -> list[tuple[object, ...]]:
    """Return what readers see of the files, without which attempt brought it."""
    dataset = workshop.context.catalogue.get("transactions")
    assert dataset is not None
    found = await workshop.analytics.query(
        f"SELECT * EXCEPT (_attempt) FROM {workshop.analytics.database}.{current_table(dataset)}"
        " WHERE has({files:Array(UUID)}, _file) ORDER BY _key",
        parameters={"files": [str(file.file_id) for file in files]},
        comment="test",
    )
    return found.rows


async def three_files(workshop: Workshop) -> tuple[File, File, File]:
    """Import a file, a correction of a part of it, and one that is undone."""
    first = await workshop.ingested(rows=5)
    second = await workshop.ingested(rows=2, amount="99.00")
    third = await workshop.ingested(rows=3, amount="7.00")
    await workshop.desk.service.undo(ALICE, third.file_id)
    await JOBS["undo"](workshop.context, third.file_id)
    return first, second, third


async def test_the_same_rows_are_shown_after_it(workshop: Workshop) -> None:
    first, second, third = await three_files(workshop)
    before = await shown(workshop, first, second, third)
    await drain(workshop.context, lambda _: None)

    count = await rebuild(workshop.context)
    empty = await shown(workshop, first, second)
    await end_drain(workshop.context)
    # The newer one first: the order of work decides nothing.
    for file in (second, first):
        await JOBS["ingest"](workshop.context, file.file_id)

    assert len(before) == 5
    assert (count, empty) == (2, [])
    assert await shown(workshop, first, second, third) == before
    assert (await workshop.desk.row(third.file_id)).ended_as is Outcome.UNDONE
    assert "rebuild.requested" in await workshop.desk.history(first.file_id)


async def test_it_is_not_begun_while_workers_may_work(workshop: Workshop) -> None:
    file = await workshop.ingested()
    before = await shown(workshop, file)

    with pytest.raises(CannotRebuild, match="tallydock drain"):
        await rebuild(workshop.context)

    assert await shown(workshop, file) == before


async def test_it_is_not_begun_when_bytes_are_gone(workshop: Workshop) -> None:
    file = await workshop.ingested()
    before = await shown(workshop, file)
    await workshop.desk.set(file.file_id, object_version=None)
    await drain(workshop.context, lambda _: None)

    with pytest.raises(CannotRebuild, match="1 files"):
        await rebuild(workshop.context)

    assert await shown(workshop, file) == before
