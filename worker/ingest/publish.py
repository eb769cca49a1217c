"""Stage three: make a file's rows visible to all readers at once.

Comes after `load.py`; what readers see then is the dataset's current table. Under the dataset's
lock: find which keys change, write down what the swap will bring (`publications.py`), put the rows
into history, swap, complete the record. A crash anywhere leaves either nothing or a publication
whose generation tells the next worker what happened.
"""

from dataclasses import replace

from server.files.claims import Ending
from server.files.unfinished import unfinished_publication
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.ending import Imported, imported_ending, read_ending, write_ending
from worker.ingest.identical import end_as_duplicate
from worker.ingest.keys import Keys
from worker.ingest.publications import (
    Bringing,
    prepare_publications,
    published_attempt,
    record_swap,
    settle_publications,
)
from worker.ingest.resolve import (
    FILE_ORDER,
    Overlap,
    Published,
    fill,
    keys_of,
    overlap_with,
    published_files,
)
from worker.ingest.sources import announce_accounts, tell_readers
from worker.ingest.swap import Change, generation_of, swap


async def publish(attempt: Attempt, imported: Imported) -> None:
    """Make the staged rows visible and complete the file.

    Raises:
        LeaseLost: another worker has the file or the dataset's lock.
        DatasetBusy: another file is being published for a long time, and this one is judged again
            sooner than it would have waited.
        AnalyticsUnavailable: to be tried again; readers see all of the file or none.
    """
    claim = attempt.claim
    # Large files have a lane of their own: one that waits keeps no small one from its slot.
    is_large = claim.size_bytes > attempt.context.settings.large_file_bytes
    async with attempt.lock(keeps_waiting=is_large) as held:
        await settle_publications(attempt, held)
        if await end_as_duplicate(attempt, imported.changes, held):
            return
        async with attempt.context.units.begin() as unit:
            seen = await published_attempt(unit, claim.file_id)
        if seen is not None:
            await _publish_anew(attempt, imported, Published(claim.file_id, seen), held)
        else:
            await _publish_first(attempt, imported, held)


async def complete_visible(attempt: Attempt) -> bool:
    """Complete a file whose rows are visible already: an earlier attempt died after its swap.

    Returns:
        True when there was such a publication, and the file is Completed now.
    """
    context, claim = attempt.context, attempt.claim
    async with context.units.begin() as unit:
        if await unfinished_publication(unit, claim) is None:
            return False
    async with attempt.lock() as held:
        await settle_publications(attempt, held)
    async with context.units.begin() as unit:
        found = await unfinished_publication(unit, claim)
        if found is None or found.state != "published":
            return False
        ending = read_ending(found.result)
        await context.claims.finish(claim, ending, attempt=found.attempt, unit=unit)
    return True


async def _publish_first(attempt: Attempt, imported: Imported, held: Held) -> None:
    overlap, met = await _meet_current(attempt, imported.verdict.rows_good)
    arrivals: str | None = attempt.staged if imported.verdict.rows_good else None
    if overlap.outdated:
        arrivals = await attempt.create("kept", like=attempt.staged)
        for part in replace(met, condition="newer = 1").parts():
            await attempt.run(
                f"INSERT INTO {arrivals} SELECT * FROM {attempt.staged}"
                f" WHERE {part.rows} AND _key NOT IN ({part.keys})"
            )
    lost = replace(met, condition="newer = 0") if overlap.replaced else None
    ending = imported_ending(imported, overlap.replaced, overlap.outdated)
    await _into_history(attempt, imported)
    await _exchange(attempt, imported, Change(lost, arrivals), ending, held)


async def _publish_anew(
    attempt: Attempt, imported: Imported, earlier: Published, held: Held
) -> None:
    """Put a reprocessed file in its own earlier place: the keys of both attempts are resolved."""
    claim = attempt.claim
    async with attempt.context.units.begin() as unit:
        others = await published_files(unit, claim)
    await _into_history(attempt, imported)
    own = Published(claim.file_id, claim.attempt)
    keys = await keys_of(attempt, earlier, own)
    overlap = await overlap_with(attempt, own, keys, others, claim.uploaded_at)
    arrivals = await fill(attempt, keys, [*others, own])
    ending = imported_ending(imported, overlap.replaced, overlap.outdated)
    await _exchange(attempt, imported, Change(keys, arrivals), ending, held)


async def _exchange(
    attempt: Attempt, imported: Imported, change: Change, ending: Ending, held: Held
) -> None:
    generation = await generation_of(attempt) + 1
    claim = attempt.claim
    own = Published(claim.file_id, claim.attempt)
    await announce_accounts(attempt, own, attempt.staged)
    brought = Bringing(own.file_id, own.attempt, write_ending(ending))
    await prepare_publications(attempt, [brought], generation=generation, held=held)
    await swap(attempt, change, generation=generation, held=held)
    imported.watch.lap("publish")
    async with attempt.context.units.begin() as unit:
        await record_swap(unit, attempt, generation)
        await attempt.context.claims.finish(claim, ending, unit=unit)
    await tell_readers(attempt)


async def _into_history(attempt: Attempt, imported: Imported) -> None:
    """Attach the staged rows to history; until the swap happens nothing refers to them there."""
    if imported.verdict.rows_good:
        await attempt.attach_all(source=attempt.staged, target=attempt.history)


async def _meet_current(attempt: Attempt, rows: int) -> tuple[Overlap, Keys]:
    """Count the staged rows whose keys current has, and note those keys in a list."""
    met = attempt.table("overlap")
    # A matter of milliseconds, while looking for keys that cannot be there takes half a second.
    if not await attempt.count(f"{attempt.current} WHERE _workspace = {{workspace:String}}"):
        return Overlap(), Keys(met, 0)
    await attempt.create_list("overlap", "_key UInt128, newer UInt8", "_key")
    for part in Keys(attempt.staged, rows).parts():
        await attempt.run(
            f"INSERT INTO {met} SELECT _key, max((_uploaded_at, {FILE_ORDER}) >"
            " (toDateTime64({uploaded_at:String}, 6, 'UTC'), UUIDToNum(toUUID({file:String}))))"
            " AS newer"
            f" FROM {attempt.current} WHERE _workspace = {{workspace:String}}"
            f" AND _key IN ({part.keys}) GROUP BY _key"
        )
    keys = Keys(met, await attempt.count(met))
    if not keys.count:
        return Overlap(), keys
    return Overlap(
        await _rows_among(attempt, replace(keys, condition="newer = 0")),
        await _rows_among(attempt, replace(keys, condition="newer = 1")),
    ), keys


async def _rows_among(attempt: Attempt, keys: Keys) -> int:
    """Return how many staged rows have one of the keys."""
    counts = [
        await attempt.count(f"{attempt.staged} WHERE {part.rows} AND _key IN ({part.keys})")
        for part in keys.parts()
    ]
    return sum(counts)
