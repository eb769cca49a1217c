"""ClickHouse anew from what the database and the store hold: every file is judged again.

For a ClickHouse that is lost, or whose content is in doubt. Rows are judged by the rules of the
version that runs, in the order the files arrived; each keeps its place among the others.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import col, select

from server.datasets.provision import provision
from server.datasets.tables import current_table, history_table, next_tables, rejected_table
from server.files.claims import DatasetBusy, LeaseLost
from server.files.lifecycle import Outcome, Stage
from server.files.models import File, Publication
from server.files.repository import Cause, change
from server.operations.repository import is_draining
from server.unit_of_work import UnitOfWork
from worker.context import Context
from worker.ingest.dataset_lock import PATIENCE_SECONDS, Held, dataset_lock
from worker.operations.drain import worked_on

ACTOR = "cli"
_COMMENT = "rebuild"
_REQUESTED = "rebuild.requested"
# Whose rows readers see.
_IMPORTED = (str(Outcome.IMPORTED), str(Outcome.IMPORTED_WITH_REJECTIONS))


class CannotRebuild(Exception):
    """It was not done, or not all of it; the text says why and what to do, for a person."""


async def rebuild(context: Context) -> int:
    """Empty ClickHouse and queue every file whose rows were visible, oldest first.

    Until its turn has come a file is Processing, and its rows are not on the dashboards. Nobody
    publishes meanwhile: each dataset's lock is held, and who was paused finds nothing to exchange.

    Returns:
        How many files were queued.

    Raises:
        CannotRebuild: workers are not drained, or bytes of such a file are gone for good: nothing
            was changed. Or this process was paused for too long: to be begun again.
        AnalyticsUnavailable: ClickHouse does not answer; to be begun again.
    """
    await _check(context)
    try:
        async with AsyncExitStack() as stack:
            locks = await _lock_all(context, stack)
            # Again: who had a dataset until now may have left something undone.
            await _check(context)
            await _empty(context, locks)
            count = 0
            for file_id, dataset_type in await _visible(context):
                count += await _queue(context, file_id, locks.get(dataset_type))
            return count
    except DatasetBusy as fault:
        message = "A dataset is being worked on by another process. Nothing was changed; try again."
        raise CannotRebuild(message) from fault
    except LeaseLost as fault:
        message = "This process was paused for too long. Run `tallydock rebuild` again."
        raise CannotRebuild(message) from fault


async def _check(context: Context) -> None:
    async with context.units.begin() as unit:
        if not await is_draining(unit):
            message = "Workers may be taking files. Run `tallydock drain` first."
            raise CannotRebuild(message)
    if count := await worked_on(context):
        message = (
            f"Workers still work on {count} files. Run `tallydock drain` and wait until it returns."
        )
        raise CannotRebuild(message)
    async with context.units.begin() as unit:
        undoing = await unit.session.exec(
            select(func.count())
            .select_from(File)
            .where(col(File.undo_requested_at).is_not(None), col(File.undone_at).is_(None))
        )
        if undoing.one():
            message = "Undos are under way. End the draining, let them finish, and drain again."
            raise CannotRebuild(message)
        lost = await unit.session.exec(
            select(func.count())
            .select_from(File)
            .where(col(File.published_attempt).is_not(None), col(File.object_version).is_(None))
        )
        count = lost.one()
    if count:
        message = (
            f"The bytes of {count} files are not kept any more, so their rows could not be made"
            " again. Restore a backup instead."
        )
        raise CannotRebuild(message)


async def _lock_all(context: Context, stack: AsyncExitStack) -> dict[str, Held]:
    owner = f"{context.worker_name[:60]}/{uuid4().hex[:12]}"
    return {
        dataset.name: await stack.enter_async_context(
            dataset_lock(context, dataset.name, owner, patience_seconds=PATIENCE_SECONDS)
        )
        # One order for all, so that two rebuilds do not wait for each other.
        for dataset in sorted(context.catalogue.all(), key=lambda one: one.name)
    }


async def _empty(context: Context, locks: Mapping[str, Held]) -> None:
    analytics = context.analytics
    await analytics.create_database()
    for dataset in context.catalogue.all():
        # First what a paused publisher would exchange: it holds rows of the old current.
        for table in (
            *await next_tables(analytics, dataset, comment=_COMMENT),
            current_table(dataset),
            history_table(dataset),
            rejected_table(dataset),
        ):
            await locks[dataset.name].check()
            statement = f"DROP TABLE IF EXISTS {analytics.database}.{table} SYNC"
            await analytics.command(statement, comment=_COMMENT)
    await provision(analytics, context.catalogue)
    async with context.units.begin() as unit:
        for held in locks.values():
            await held.hold_until_commit(unit)
        # None of them tells of the new tables: what it brought is gone, so no file is completed
        # by what was published before.
        await unit.session.exec(
            update(Publication)
            .where(col(Publication.state) != "abandoned")
            .values(state="abandoned")
            .execution_options(synchronize_session=False)
        )
        await _take_from_sight(unit, context)


async def _take_from_sight(unit: UnitOfWork, context: Context) -> None:
    """Note of files that are judged anew, or failed so, that no earlier rows are seen any more."""
    found = await unit.session.exec(
        select(File.file_id).where(
            File.stage != str(Stage.COMPLETED), col(File.published_attempt).is_not(None)
        )
    )
    for file_id in found.all():
        # What stood before a reprocess cannot stand again without its rows.
        values = {"published_attempt": None, "standing": None}
        await change(unit, file_id, Cause(ACTOR, _REQUESTED, context.clock()), values=values)


async def _visible(context: Context) -> Sequence[tuple[UUID, str]]:
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(File.file_id, File.dataset_type)
            .where(
                File.stage == str(Stage.COMPLETED),
                col(File.published_attempt).is_not(None),
                col(File.outcome).in_(_IMPORTED),
            )
            .order_by(col(File.uploaded_at), col(File.file_id))
        )
        return list(found)


async def _queue(context: Context, file_id: UUID, held: Held | None) -> bool:
    async with context.units.begin() as unit:
        if held is not None:
            await held.hold_until_commit(unit)
        queued = await change(
            unit,
            file_id,
            Cause(ACTOR, _REQUESTED, context.clock()),
            values={
                "stage": str(Stage.QUEUED),
                "outcome": None,
                "failure": None,
                "completed_at": None,
                "started_at": None,
                "published_attempt": None,
                "faults": 0,
                "not_before": None,
            },
            where=[col(File.stage) == str(Stage.COMPLETED), col(File.lease_owner).is_(None)],
            before=Stage.COMPLETED,
        )
        if queued is not None:
            unit.wake_after_commit("ingest", file_id)
    return queued is not None
