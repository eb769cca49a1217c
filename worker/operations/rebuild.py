"""ClickHouse anew from what the database and the store hold: every file is judged again.

For a ClickHouse that is lost, or whose content is in doubt. Rows are judged by the rules of the
version that runs, in the order the files arrived; each keeps its place among the others.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import col, select

from server.datasets.provision import provision
from server.datasets.tables import current_table, history_table, rejected_table
from server.files.lifecycle import Outcome, Stage
from server.files.models import File, Publication
from server.files.repository import Cause, change
from server.operations.repository import is_draining
from worker.context import Context

ACTOR = "cli"
_COMMENT = "rebuild"
# Whose rows readers see.
_IMPORTED = (str(Outcome.IMPORTED), str(Outcome.IMPORTED_WITH_REJECTIONS))


class CannotRebuild(Exception):
    """It was not begun; the text says why and what to do, for a person."""


async def rebuild(context: Context) -> int:
    """Empty ClickHouse and queue every file whose rows were visible, oldest first.

    Until its turn has come a file is Processing, and its rows are not on the dashboards.

    Returns:
        How many files were queued.

    Raises:
        CannotRebuild: workers are not drained, or bytes of such a file are gone for good.
        AnalyticsUnavailable: ClickHouse does not answer; to be begun again.
    """
    await _check(context)
    await _empty(context)
    count = 0
    for file_id in await _visible(context):
        count += await _queue(context, file_id)
    return count


async def _check(context: Context) -> None:
    async with context.units.begin() as unit:
        if not await is_draining(unit):
            message = "Workers may be taking files. Run `tallydock drain` first."
            raise CannotRebuild(message)
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


async def _empty(context: Context) -> None:
    analytics = context.analytics
    await analytics.create_database()
    for dataset in context.catalogue.all():
        for table in (current_table(dataset), history_table(dataset), rejected_table(dataset)):
            statement = f"DROP TABLE IF EXISTS {analytics.database}.{table} SYNC"
            await analytics.command(statement, comment=_COMMENT)
    await provision(analytics, context.catalogue)
    async with context.units.begin() as unit:
        # None of them tells of the new tables' generations.
        await unit.session.exec(
            update(Publication)
            .where(col(Publication.state) == "prepared")
            .values(state="abandoned")
            .execution_options(synchronize_session=False)
        )


async def _visible(context: Context) -> Sequence[UUID]:
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(File.file_id)
            .where(
                File.stage == str(Stage.COMPLETED),
                col(File.published_attempt).is_not(None),
                col(File.outcome).in_(_IMPORTED),
            )
            .order_by(col(File.uploaded_at), col(File.file_id))
        )
        return list(found)


async def _queue(context: Context, file_id: UUID) -> bool:
    async with context.units.begin() as unit:
        queued = await change(
            unit,
            file_id,
            Cause(ACTOR, "rebuild.requested", context.clock()),
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
