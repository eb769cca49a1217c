"""Take a file back: readers see what they would had it never been sent.

The same swap as publishing, with the file out of the published set: its keys are filled from
history. The first identical file that arrived after it, which was a duplicate until now, takes its
place, in its own order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.files.claims import Claim, Ending
from server.files.identical import list_duplicates
from server.files.lifecycle import Outcome
from server.files.models import File
from server.files.repository import get_file
from worker.context import Context
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.keys import Keys
from worker.ingest.publications import (
    UNDONE,
    Bringing,
    in_place_of,
    prepare_publications,
    record_swap,
    settle_publications,
)
from worker.ingest.resolve import (
    Published,
    fill,
    keys_of,
    overlap_with,
    published_files,
    rows_of,
)
from worker.ingest.room import check_room
from worker.ingest.sources import announce_accounts, tell_readers
from worker.ingest.swap import Change, generation_of, swap


async def undo(context: Context, claim: Claim) -> None:
    """Take the file's rows back and mark it as undone.

    Raises:
        LeaseLost: another worker has the file or the dataset's lock.
        DatasetBusy: another file is being published; to be tried again.
        AnalyticsUnavailable: to be tried again; readers see the file wholly or not at all.
    """
    dataset = context.catalogue.get(claim.dataset_type)
    if dataset is None:
        await context.claims.finish_undo(claim)
        return
    attempt = Attempt(context, claim, dataset)
    try:
        await attempt.stop_earlier()
        await check_room(attempt)
        async with attempt.lock() as held:
            await settle_publications(attempt, held)
            await _take_back(attempt, held)
    finally:
        await attempt.drop_all()


async def _take_back(attempt: Attempt, held: Held) -> None:
    context, claim = attempt.context, attempt.claim
    async with context.units.begin() as unit:
        record = await get_file(unit, claim.workspace_id, claim.file_id)
        if record.published_attempt is None:
            # Never visible, or swapped out by a run that died before it could say so.
            await context.claims.finish_undo(claim, unit=unit)
            return
        remaining = await published_files(unit, claim)
        waiting = await list_duplicates(unit, claim.file_id)
    undone = Published(claim.file_id, record.published_attempt)
    keys = await keys_of(attempt, undone)
    brought = [Bringing(undone.file_id, undone.attempt, dict(UNDONE))]
    heir = await _first_heir(attempt, (undone, keys), remaining, record, waiting)
    if heir is not None:
        await announce_accounts(attempt, heir.published, rows_of(attempt, heir.published))
        remaining = [*remaining, heir.published]
        result = in_place_of(undone.file_id, heir.ending)
        brought.append(Bringing(heir.published.file_id, heir.published.attempt, result))
    arrivals = await fill(attempt, keys, remaining)
    generation = await generation_of(attempt) + 1
    await prepare_publications(attempt, brought, generation=generation, held=held)
    await swap(attempt, Change(keys, arrivals), generation=generation, held=held)
    async with context.units.begin() as unit:
        await record_swap(unit, attempt, generation)
        await context.claims.finish_undo(claim, unit=unit)
    await tell_readers(attempt)


@dataclass(frozen=True)
class _Heir:
    """The duplicate that takes the undone file's place, and its own end."""

    published: Published
    ending: Ending


async def _first_heir(
    attempt: Attempt,
    taken: tuple[Published, Keys],
    remaining: list[Published],
    record: File,
    waiting: Sequence[File],
) -> _Heir | None:
    """Return the first of the duplicates that still is one; None when none is left."""
    for one in waiting:
        heir = await _make_heir(attempt, taken, remaining, record, one)
        if heir is not None:
            return heir
    return None


async def _make_heir(
    attempt: Attempt,
    taken: tuple[Published, Keys],
    remaining: list[Published],
    record: File,
    waiting: File,
) -> _Heir | None:
    """Give the undone file's rows and keys to the duplicate; None when it is none any more."""
    undone, keys = taken
    number = await attempt.context.claims.reserve_attempt(waiting)
    if number is None or waiting.uploaded_at is None:
        return None
    own = Published(waiting.file_id, number)
    await _copy_rows(attempt, undone, own, waiting.uploaded_at)
    overlap = await overlap_with(attempt, own, keys, remaining, waiting.uploaded_at)
    return _Heir(own, _inherited(record, overlap.replaced, overlap.outdated))


async def _copy_rows(
    attempt: Attempt, undone: Published, own: Published, uploaded_at: datetime
) -> None:
    """Write the undone file's rows under the heir's name and time, in history and report."""
    arrived = uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f")
    for table in (attempt.history, attempt.rejected):
        await attempt.run(
            f"INSERT INTO {table} SELECT * REPLACE (toUUID('{own.file_id}') AS _file,"
            f" {own.attempt} AS _attempt, toDateTime64('{arrived}', 6, 'UTC') AS _uploaded_at)"
            # In a subquery: in one SELECT the new names would stand in the WHERE too.
            f" FROM (SELECT * FROM {_rows_in(table, undone)})"
        )


def _rows_in(table: str, published: Published) -> str:
    return (
        f"{table} WHERE _workspace = {{workspace:String}}"
        f" AND _file = toUUID('{published.file_id}') AND _attempt = {published.attempt}"
    )


def _inherited(record: File, replaced: int, outdated: int) -> Ending:
    """Return the heir's end: the undone file's verdict, counted in the heir's own order."""
    statistics = dict(record.statistics or {})
    imported = int(str(statistics.get("rowsImported", 0)))
    statistics |= {
        "rowsReplaced": replaced,
        "rowsOutdated": outdated,
        "rowsInserted": imported - replaced - outdated,
    }
    has_rejections = bool(statistics.get("rowsRejected"))
    outcome = Outcome.IMPORTED_WITH_REJECTIONS if has_rejections else Outcome.IMPORTED
    return Ending(outcome, statistics, list(record.issues))
