"""Rows of attempts that never came to anything, in the history and rejected tables.

An attempt writes there before its swap; when it dies nothing ever refers to its rows. Which rows
are dead is judged under the dataset's lock: whoever writes into history holds it, so that none that
is about to be published is taken for one.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from server.datasets.declaration import Dataset
from server.datasets.tables import history_table, rejected_table
from server.files.attempt import LeaseLost
from server.files.lifecycle import Stage
from server.files.models import File, Publication
from worker.context import Context
from worker.ingest.dataset_lock import Held, dataset_lock
from worker.maintenance.mutations import is_rewritten
from worker.maintenance.rounds import tell_repaired

_COMMENT: Final = "reconcile:rows"
_FILES_AT_ONCE: Final = 1000
# A run that was paused may still write a little after its file ended without it.
_SETTLED: Final = timedelta(hours=1)


@dataclass(frozen=True)
class _Kept:
    """What one file's rows are needed for."""

    workspace_id: str
    attempt: int
    is_worked_on: bool
    history: frozenset[int]
    """Attempts whose rows readers see or saw, or will see once a publication is completed."""
    rejected: frozenset[int]
    """Attempts whose rows a report shows."""
    is_settled: bool

    def needs(self, attempt: int, table: str) -> bool:
        """Return whether somebody may refer to the attempt's rows in that table."""
        if attempt == self.attempt and self.is_worked_on:
            return True
        return attempt in (self.history if table == "history" else self.rejected)


class DeadRows:
    """Looks for rows of dead attempts; a file that was looked at and stays as it is, once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settled: dict[UUID, int] = {}

    async def delete(self) -> None:
        """Delete them, dataset by dataset."""
        for dataset in self._context.catalogue.all():
            suspects = await self._suspects(dataset)
            for begin in range(0, len(suspects), _FILES_AT_ONCE):
                await self._delete_of(dataset, suspects[begin : begin + _FILES_AT_ONCE])

    async def _suspects(self, dataset: Dataset) -> list[UUID]:
        """Return the files that had more than one attempt, or one that failed."""
        async with self._context.units.begin() as unit:
            rows = await unit.session.exec(
                select(File.file_id, File.attempt).where(
                    File.dataset_type == dataset.name,
                    or_(
                        col(File.attempt) > 1,
                        File.stage == str(Stage.FAILED),
                        col(File.undone_at).is_not(None),
                    ),
                    col(File.attempt) > 0,
                )
            )
            return [file_id for file_id, attempt in rows if self._settled.get(file_id) != attempt]

    async def _delete_of(self, dataset: Dataset, suspects: list[UUID]) -> None:
        if await self._dead(dataset, suspects):
            tables = (history_table(dataset), rejected_table(dataset))
            if any([await is_rewritten(self._context, table) for table in tables]):
                # A deletion would wait for it, under the lock that publishers need: next round.
                return
            owner = f"{self._context.worker_name[:60]}/{uuid4().hex[:12]}"
            async with dataset_lock(self._context, dataset.name, owner) as held:
                # Once more: what was about to be published meanwhile is not dead.
                try:
                    dead = await self._dead(dataset, suspects, held)
                except LeaseLost:
                    # Paused for long: what was found may be what the next holder is writing.
                    return
            # Without the lock, since a deletion waits for merges: no attempt that is dead comes
            # back, and a number is given to one attempt only.
            for table, file_id, attempt, workspace in dead:
                await self._delete_one(table, file_id, attempt, workspace)
        for file_id, kept in (await self._kept(suspects)).items():
            if kept.is_settled:
                self._settled[file_id] = kept.attempt

    async def _dead(
        self, dataset: Dataset, suspects: list[UUID], held: Held | None = None
    ) -> list[tuple[str, UUID, int, str]]:
        """Return (table, file, attempt, workspace) of dead rows.

        Raises:
            LeaseLost: the lock that should be held is another's now.
        """
        found = [
            (kind, table, file_id, attempt)
            for kind, table in (
                ("history", history_table(dataset)),
                ("rejected", rejected_table(dataset)),
            )
            for file_id, attempt in await self._attempts_in(table, suspects)
        ]
        # Read after the tables: an attempt that began since has rows that were not found yet.
        kept = await self._kept([file_id for _, _, file_id, _ in found], held)
        return [
            (table, file_id, attempt, kept[file_id].workspace_id)
            for kind, table, file_id, attempt in found
            if file_id in kept and not kept[file_id].needs(attempt, kind)
        ]

    async def _attempts_in(self, table: str, suspects: list[UUID]) -> list[tuple[UUID, int]]:
        rows = await self._context.analytics.query(
            "SELECT DISTINCT toString(_file), _attempt"
            f" FROM {self._context.analytics.database}.{table}"
            " WHERE _file IN (SELECT arrayJoin({files:Array(UUID)}))",
            parameters={"files": [str(file_id) for file_id in suspects]},
            comment=_COMMENT,
        )
        return [(UUID(str(file_id)), int(str(attempt))) for file_id, attempt in rows.rows]

    async def _kept(self, file_ids: list[UUID], held: Held | None = None) -> dict[UUID, _Kept]:
        if not file_ids:
            return {}
        async with self._context.units.begin() as unit:
            if held is not None:
                # Then nobody else wrote what was found: an heir's rows are copied under the lock,
                # and named by a publication only later.
                await held.hold_until_commit(unit)
            files = await unit.session.exec(select(File).where(col(File.file_id).in_(file_ids)))
            rows = list(files)
            publications = await unit.session.exec(
                select(Publication.file_id, Publication.attempt).where(
                    col(Publication.file_id).in_(file_ids), self._may_come_back()
                )
            )
            swapped: dict[UUID, set[int]] = {}
            for file_id, attempt in publications:
                swapped.setdefault(file_id, set()).add(attempt)
        before = self._context.clock() - _SETTLED
        days = self._context.settings.undo_days
        return {
            file.file_id: _Kept(
                workspace_id=file.workspace_id,
                attempt=file.attempt,
                is_worked_on=file.lease_owner is not None,
                history=_numbers(file.published_attempt, *swapped.get(file.file_id, ())),
                rejected=_numbers(
                    file.published_attempt,
                    file.judged_attempt,
                    (file.standing or {}).get("judged_attempt"),
                    *swapped.get(file.file_id, ()),
                ),
                is_settled=file.completed_at is not None
                and file.completed_at < before
                and not (days and swapped.get(file.file_id, set()) - {file.published_attempt}),
            )
            for file in rows
        }

    def _may_come_back(self) -> ColumnElement[bool]:
        """Return the condition that readers may yet see a publication's rows.

        Rows of an earlier attempt, or of a file that was undone, are kept for as long as files can
        be undone; what readers see now does not depend on them.
        """
        days = self._context.settings.undo_days
        if not days:
            return col(Publication.state).in_(("prepared", "published"))
        since = self._context.clock() - timedelta(days=days)
        return or_(
            col(Publication.state) == "prepared",
            and_(col(Publication.state) == "published", col(Publication.created_at) > since),
        )

    async def _delete_one(self, table: str, file_id: UUID, attempt: int, workspace: str) -> None:
        analytics = self._context.analytics
        await analytics.command(
            f"DELETE FROM {analytics.database}.{table} WHERE _workspace = {{workspace:String}}"
            " AND _file = {file:UUID} AND _attempt = {attempt:UInt32}",
            parameters={"workspace": workspace, "file": str(file_id), "attempt": attempt},
            comment=_COMMENT,
        )
        tell_repaired("rows", table=table, file_id=str(file_id), attempt=attempt)


def _numbers(*attempts: object) -> frozenset[int]:
    return frozenset(attempt for attempt in attempts if isinstance(attempt, int))
