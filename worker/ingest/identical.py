"""Files of the same bytes: the first by arrival is imported, the others name it and change nothing.

Asked before a file is loaded (`pipeline.py`), and once more under the dataset's lock before its
rows become visible (`publish.py`): another one may have arrived, or been undone, in between.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from server.files.claims import Claim, Ending
from server.files.identical import find_identical, find_under_way, list_waiting
from server.files.lifecycle import Outcome
from server.files.models import File
from server.files.repository import change
from server.unit_of_work import UnitOfWork
from worker.context import Context
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.ending import duplicate_ending
from worker.ingest.publications import settle_publications

# Whoever is waited for wakes those who wait; this is for when the call is lost.
_LONGEST_WAIT: Final = timedelta(seconds=30)


async def stand_back(attempt: Attempt, changes: Mapping[str, object]) -> bool:
    """End the file as a duplicate, or put it back until the one it may be a copy of has ended.

    Returns:
        True when this attempt has nothing more to do.
    """
    context, claim = attempt.context, attempt.claim
    if _is_its_own(claim):
        return False
    async with context.units.begin() as unit:
        under_way = await find_under_way(unit, claim, _sha256(claim, changes))
        earlier = await _find(unit, claim, changes)
    if under_way is not None:
        not_before = context.clock() + _LONGEST_WAIT
        await context.claims.release(claim, "same-file-under-way", not_before, is_fault=False)
        return True
    if earlier is None:
        return False
    # Under the lock: an undo of the earlier file sees all its duplicates, or has happened.
    async with attempt.lock() as held:
        await settle_publications(attempt, held)
        return await end_as_duplicate(attempt, changes, held)


async def end_as_duplicate(attempt: Attempt, changes: Mapping[str, object], held: Held) -> bool:
    """End the file as a duplicate when readers see the rows of the same bytes already.

    Raises:
        LeaseLost: the dataset's lock is another publisher's now, who may have undone that file.
    """
    context, claim = attempt.context, attempt.claim
    if _is_its_own(claim):
        return False
    async with context.units.begin() as unit:
        earlier = await _find(unit, claim, changes)
        if earlier is None:
            return False
    rows_total = int(str((earlier.statistics or {}).get("rowsTotal", 0)))
    known = {**changes, "duplicate_of": earlier.file_id}
    ending = duplicate_ending(Ending(Outcome.DUPLICATE, None, [], known), rows_total)
    detail = {
        "duplicateOf": str(earlier.file_id),
        "rowsReplacedSince": await _rows_replaced(attempt, earlier),
    }
    async with context.units.begin() as unit:
        await held.hold_until_commit(unit)
        await context.claims.finish(claim, ending, detail=detail, unit=unit)
    return True


async def _rows_replaced(attempt: Attempt, earlier: File) -> int:
    """Return for how many of the earlier file's rows newer files speak now.

    Who sends the bytes again may believe that they count again: this many rows do not.
    """
    found = await attempt.query(
        f"SELECT count() AS n FROM {attempt.current} WHERE _workspace = {{workspace:String}}"
        " AND _file = {earlier:UUID}",
        earlier=str(earlier.file_id),
    )
    return max((earlier.rows_imported or 0) - int(str(found.one()["n"])), 0)


async def wake_waiting(context: Context, claim: Claim) -> None:
    """Call workers for the files that waited for this one's end."""
    async with context.units.begin() as unit:
        for file_id in await list_waiting(unit, claim):
            await change(unit, file_id, None, values={"not_before": None})
            unit.wake_after_commit("ingest", file_id)


def _is_its_own(claim: Claim) -> bool:
    """Return whether the file is to be imported whatever else is there."""
    return bool(claim.options.get("allowDuplicate")) or claim.published_attempt is not None


async def _find(unit: UnitOfWork, claim: Claim, changes: Mapping[str, object]) -> File | None:
    return await find_identical(unit, claim, _sha256(claim, changes))


def _sha256(claim: Claim, changes: Mapping[str, object]) -> str | None:
    told = changes.get("sha256", claim.declared_sha256)
    return str(told) if told else None
