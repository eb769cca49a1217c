"""Stage three: make a file's rows visible to all readers at once, or take them back.

Comes after `load.py`; what readers see then is the dataset's current table. Under the dataset's
lock: find which keys change, write down what the swap will bring (`publications`), put the rows
into history, swap, complete the record. A crash anywhere leaves either nothing or a publication
whose generation tells the next worker what happened.
"""

from dataclasses import dataclass

from sqlmodel import col, select, update

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, current_table, history_table
from server.errors import QueryRejected
from server.files.claims import Claim, Ending, LeaseLost
from server.files.ids import new_id
from server.files.models import Publication
from server.unit_of_work import UnitOfWork
from worker.context import Context
from worker.ingest import resolve, staging
from worker.ingest.dataset_lock import Held, dataset_lock
from worker.ingest.ending import Imported, imported_ending, read_ending, write_ending
from worker.ingest.staging import Staging, staging_of
from worker.ingest.swap import Change, attach_all, drop_foreign_next, generation_of, swap

_UNKNOWN_TABLE = 60


@dataclass(frozen=True)
class Overlap:
    """What the file's keys meet in current."""

    replaced: int = 0
    outdated: int = 0


async def publish(
    context: Context, claim: Claim, dataset: Dataset, tables: Staging, imported: Imported
) -> None:
    """Make the staged rows visible and complete the file.

    Raises:
        LeaseLost: another worker has the file or the dataset's lock.
        AnalyticsUnavailable: to be tried again; readers see all of the file or none.
    """
    comment = f"ingest:{claim.file_id}:{claim.attempt}"
    analytics = context.analytics
    async with dataset_lock(context, dataset.name, claim.lease_owner) as held:
        await settle_publications(context, dataset, comment)
        if claim.published_attempt is not None:
            await _republish(context, claim, dataset, tables, imported, held, comment)
            return
        overlap = await _find_overlap(analytics, claim, tables, comment)
        ending = imported_ending(imported, overlap.replaced, overlap.outdated)
        arrivals = tables.rows
        if overlap.outdated:
            arrivals = await _without_outdated(analytics, tables, comment)
        lost = None
        if overlap.replaced:
            lost = f"SELECT _key FROM {tables.scratch('overlap')} WHERE newer = 0"
        change = Change(claim.workspace_id, lost, arrivals if imported.verdict.rows_good else None)
        await _exchange(context, claim, tables, change, ending, held, comment)


async def undo(context: Context, claim: Claim) -> None:
    """Take the file's rows back: readers see what they would had it never been sent.

    Raises:
        As publish.
    """
    dataset = context.catalogue.get(claim.dataset_type)
    if dataset is None or claim.published_attempt is None:
        await context.claims.finish_undo(claim)
        return
    comment = f"undo:{claim.file_id}:{claim.attempt}"
    tables = staging_of(context.analytics, claim, dataset)
    async with dataset_lock(context, dataset.name, claim.lease_owner) as held:
        await settle_publications(context, dataset, comment)
        async with context.units.begin() as unit:
            published = await resolve.published_files(unit, claim)
        keys = await _keys_of(context.analytics, claim, tables, claim.published_attempt, comment)
        arrivals = await _fill(context.analytics, claim, tables, keys, published, comment)
        change = Change(claim.workspace_id, keys, arrivals)
        generation = await generation_of(context.analytics, dataset, comment) + 1
        await swap(
            context.analytics, tables, change, generation=generation, held=held, comment=comment
        )
        await context.claims.finish_undo(claim)
    await staging.drop_all(context.analytics, tables, comment)


async def resume(context: Context, claim: Claim, dataset: Dataset) -> bool:
    """Complete a file whose rows are visible already: an earlier attempt died after its swap.

    Returns:
        True when there was such a publication, and the file is Completed now.
    """
    async with context.units.begin() as unit:
        if await _last_publication(unit, claim) is None:
            return False
    comment = f"ingest:{claim.file_id}:{claim.attempt}"
    async with dataset_lock(context, dataset.name, claim.lease_owner):
        await settle_publications(context, dataset, comment)
    async with context.units.begin() as unit:
        found = await _last_publication(unit, claim)
        if found is None or found.state != "published":
            return False
        await _complete(context, claim, read_ending(found.result), found.attempt, unit)
    return True


async def settle_publications(context: Context, dataset: Dataset, comment: str) -> None:
    """Tell of every prepared publication whether its swap happened; fence whoever is paused.

    Called by who has just taken the dataset's lock.
    """
    await drop_foreign_next(context.analytics, dataset, comment)
    generation = await generation_of(context.analytics, dataset, comment)
    async with context.units.begin() as unit:
        for state, happened in (
            ("published", col(Publication.generation) == generation),
            ("abandoned", col(Publication.generation) != generation),
        ):
            await unit.session.exec(
                update(Publication)
                .where(
                    col(Publication.dataset_type) == dataset.name,
                    col(Publication.state) == "prepared",
                    happened,
                )
                .values(state=state)
                .execution_options(synchronize_session=False)
            )


async def _exchange(
    context: Context,
    claim: Claim,
    tables: Staging,
    change: Change,
    ending: Ending,
    held: Held,
    comment: str,
) -> None:
    analytics, dataset = context.analytics, tables.dataset
    generation = await generation_of(analytics, dataset, comment) + 1
    publication_id = new_id()
    async with context.units.begin() as unit:
        unit.session.add(
            Publication(
                publication_id=publication_id,
                dataset_type=dataset.name,
                generation=generation,
                file_id=claim.file_id,
                workspace_id=claim.workspace_id,
                attempt=claim.attempt,
                state="prepared",
                result=write_ending(ending),
                created_at=context.clock(),
            )
        )
    history = f"{analytics.database}.{history_table(dataset)}"
    if change.arrivals is not None or ending.statistics:
        await _into_history(analytics, claim, tables, history, comment)
    try:
        await swap(analytics, tables, change, generation=generation, held=held, comment=comment)
    except QueryRejected as fault:
        if fault.code == _UNKNOWN_TABLE:
            # Whoever took the lock after us dropped our next table.
            raise LeaseLost from fault
        raise
    async with context.units.begin() as unit:
        found = await unit.session.get(Publication, publication_id)
        if found is not None:
            found.state = "published"
            unit.session.add(found)
            await unit.session.flush()
        await _complete(context, claim, ending, claim.attempt, unit)


async def _into_history(
    analytics: Analytics, claim: Claim, tables: Staging, history: str, comment: str
) -> None:
    found = await analytics.query(
        f"SELECT count() AS n FROM {history} WHERE _workspace = {{workspace:String}}"
        " AND _file = {file:UUID} AND _attempt = {attempt:UInt32}",
        parameters={
            "workspace": claim.workspace_id,
            "file": str(claim.file_id),
            "attempt": claim.attempt,
        },
        comment=comment,
    )
    if found.one()["n"] == 0:
        await attach_all(analytics, source=tables.rows, target=history, comment=comment)


async def _complete(
    context: Context, claim: Claim, ending: Ending, attempt: int, unit: UnitOfWork
) -> None:
    await context.claims.finish(claim, ending, unit=unit, attempt=attempt)


async def _last_publication(unit: UnitOfWork, claim: Claim) -> Publication | None:
    found = await unit.session.exec(
        select(Publication)
        .where(
            Publication.file_id == claim.file_id,
            col(Publication.state).in_(("prepared", "published")),
            Publication.attempt > (claim.published_attempt or 0),
        )
        .order_by(col(Publication.generation).desc())
        .limit(1)
    )
    return found.first()


async def _find_overlap(
    analytics: Analytics, claim: Claim, tables: Staging, comment: str
) -> Overlap:
    """Count the staged rows whose keys current has, and note those keys."""
    overlap = tables.scratch("overlap")
    current = f"{analytics.database}.{current_table(tables.dataset)}"
    await staging.drop(analytics, overlap, comment)
    await analytics.command(
        f"CREATE TABLE {overlap} (_key UInt128, newer UInt8) ENGINE = MergeTree ORDER BY _key",
        comment=comment,
    )
    await analytics.command(
        f"INSERT INTO {overlap} SELECT _key, max((_uploaded_at, _file) >"
        " (toDateTime64({uploaded_at:String}, 6, 'UTC'), toUUID({file:String}))) AS newer"
        f" FROM {current} WHERE _workspace = {{workspace:String}}"
        f" AND _key IN (SELECT _key FROM {tables.rows}) GROUP BY _key",
        parameters={
            "workspace": claim.workspace_id,
            "uploaded_at": claim.uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "file": str(claim.file_id),
        },
        comment=comment,
    )
    found = await analytics.query(f"SELECT count() AS n FROM {overlap}", comment=comment)
    if found.one()["n"] == 0:
        return Overlap()
    counted = await analytics.query(
        f"SELECT countIf(_key IN (SELECT _key FROM {overlap} WHERE newer = 0)) AS replaced,"
        f" countIf(_key IN (SELECT _key FROM {overlap} WHERE newer = 1)) AS outdated"
        f" FROM {tables.rows}",
        comment=comment,
    )
    counts = counted.one()
    return Overlap(int(str(counts["replaced"])), int(str(counts["outdated"])))


async def _without_outdated(analytics: Analytics, tables: Staging, comment: str) -> str:
    kept = tables.scratch("kept")
    await staging.create(analytics, tables, kept, comment)
    await analytics.command(
        f"INSERT INTO {kept} SELECT * FROM {tables.rows} WHERE _key NOT IN"
        f" (SELECT _key FROM {tables.scratch('overlap')} WHERE newer = 1)",
        comment=comment,
    )
    return kept


async def _republish(
    context: Context,
    claim: Claim,
    dataset: Dataset,
    tables: Staging,
    imported: Imported,
    held: Held,
    comment: str,
) -> None:
    """Put a reprocessed file in its own earlier place: the keys of both attempts are resolved."""
    analytics = context.analytics
    async with context.units.begin() as unit:
        published = await resolve.published_files(unit, claim)
    others = await resolve.write_published(analytics, tables, published, comment)
    replaced, outdated = await _count_against(analytics, claim, tables, others, comment)
    ending = imported_ending(imported, replaced, outdated)
    history = f"{analytics.database}.{history_table(dataset)}"
    await _into_history(analytics, claim, tables, history, comment)
    assert claim.published_attempt is not None  # noqa: S101 - told to the type checker
    keys = await _keys_of(analytics, claim, tables, claim.published_attempt, comment)
    keys = f"{keys} UNION DISTINCT SELECT _key FROM {tables.rows}"
    own = resolve.Published(claim.file_id, claim.attempt)
    arrivals = await _fill(analytics, claim, tables, keys, [*published, own], comment)
    change = Change(claim.workspace_id, keys, arrivals)
    await _exchange(context, claim, tables, change, ending, held, comment)


async def _count_against(
    analytics: Analytics, claim: Claim, tables: Staging, others: str, comment: str
) -> tuple[int, int]:
    newest = resolve.winners(tables, keys=f"SELECT _key FROM {tables.rows}", published=others)
    mine = "(toDateTime64({uploaded_at:String}, 6, 'UTC'), toUUID({file:String}))"
    found = await analytics.query(
        f"SELECT countIf(o.newer = 0 AND o.hit = 1) AS replaced, countIf(o.newer = 1) AS outdated"
        f" FROM {tables.rows} AS s LEFT JOIN (SELECT _key, 1 AS hit,"
        f" max((_uploaded_at, _file) > {mine}) AS newer FROM ({newest}) GROUP BY _key) AS o"
        " ON s._key = o._key",
        parameters={
            "workspace": claim.workspace_id,
            "uploaded_at": claim.uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "file": str(claim.file_id),
        },
        comment=comment,
    )
    counts = found.one()
    return int(str(counts["replaced"])), int(str(counts["outdated"]))


async def _keys_of(
    analytics: Analytics, claim: Claim, tables: Staging, attempt: int, comment: str
) -> str:
    """Note the keys an attempt of the file spoke for; return a subquery of them."""
    table = tables.scratch("keys")
    await staging.drop(analytics, table, comment)
    await analytics.command(
        f"CREATE TABLE {table} (_key UInt128) ENGINE = MergeTree ORDER BY _key", comment=comment
    )
    await analytics.command(
        f"INSERT INTO {table} SELECT DISTINCT _key FROM"
        f" {analytics.database}.{history_table(tables.dataset)}"
        " WHERE _workspace = {workspace:String} AND _file = {file:UUID}"
        f" AND _attempt = {{attempt:UInt32}} AND _verdict = {GOOD}",
        parameters={
            "workspace": claim.workspace_id,
            "file": str(claim.file_id),
            "attempt": attempt,
        },
        comment=comment,
    )
    return f"SELECT _key FROM {table}"


async def _fill(
    analytics: Analytics,
    claim: Claim,
    tables: Staging,
    keys: str,
    published: list[resolve.Published],
    comment: str,
) -> str:
    """Stage the rows that win the keys among the published files; return the table."""
    table = await resolve.write_published(analytics, tables, published, comment)
    filled = tables.scratch("fill")
    await staging.create(analytics, tables, filled, comment)
    await analytics.command(
        f"INSERT INTO {filled} {resolve.winners(tables, keys=keys, published=table)}",
        parameters={"workspace": claim.workspace_id},
        comment=comment,
    )
    return filled
