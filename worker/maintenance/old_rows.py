"""Rows set aside and warned about, removed when their time is over (`rejected_rows_days`).

They hold cells as they were sent, and whoever repairs a file does it within days. The file's
record, its counts and its issues stay; to see the rows once more it is reprocessed.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlmodel import col, select

from server.datasets.declaration import Dataset
from server.datasets.tables import rejected_table
from server.files.lifecycle import Stage
from server.files.models import File
from server.files.repository import Cause, change
from server.telemetry.metrics import ROWS_REMOVED
from worker.context import Context
from worker.maintenance.mutations import is_rewritten

logger = structlog.get_logger(__name__)

_ACTOR: Final = "reconciler"
_COMMENT: Final = "maintenance:old-rows"
# A mutation rewrites the parts that hold such a row: seldom, and for many files at once.
_EVERY_SECONDS: Final = 24 * 3600.0
_FILES_AT_ONCE: Final = 500
_IS_OF_THEM: Final = (
    "(toString(_file), _attempt) IN (SELECT arrayJoin("
    "arrayZip({files:Array(String)}, {attempts:Array(UInt32)})))"
)
_KINDS: Final = ("rowsRejected", "rowsWithWarnings")


class OldRows:
    """Removes them once a day; a file that has none is looked at once by each process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._days = context.settings.rejected_rows_days
        self._looked_at = float("-inf")
        self._after: tuple[datetime | None, UUID] | None = None

    async def remove(self) -> None:
        """Remove the rows of files that ended long enough ago; now and then."""
        if time.monotonic() - self._looked_at < _EVERY_SECONDS:
            return
        if await self.remove_now():
            self._looked_at = time.monotonic()

    async def remove_now(self) -> bool:
        """Remove the rows of files that ended long enough ago, as far as it goes at once.

        Returns:
            False when rows are being removed: whoever comes again tells of them and goes on.
        """
        while files := await self._next():
            with_rows = [file for file in files if _rows_of(file)]
            datasets = self._context.catalogue.all()
            if not all([await self._remove_of(dataset, with_rows) for dataset in datasets]):
                return False
            last = files[-1]
            self._after = (last.completed_at, last.file_id)
        return True

    async def _remove_of(self, dataset: Dataset, files: Sequence[File]) -> bool:
        """Tell of the files whose rows are gone, and begin with the others; False for these."""
        own = [file for file in files if file.dataset_type == dataset.name]
        if not own:
            return True
        if await is_rewritten(self._context, rejected_table(dataset)):
            return False
        there = await self._with_rows(dataset, own)
        await self._tell([file for file in own if file.file_id not in there])
        if there:
            await self._delete(dataset, [file for file in own if file.file_id in there])
        return not there

    async def _next(self) -> Sequence[File]:
        before = self._context.clock() - timedelta(days=self._days)
        conditions = [
            col(File.stage).in_((str(Stage.COMPLETED), str(Stage.FAILED))),
            col(File.completed_at) < before,
            col(File.judged_attempt).is_not(None),
            col(File.rows_removed_at).is_(None),
            col(File.lease_owner).is_(None),
        ]
        if self._after is not None:
            completed_at, file_id = self._after
            later = col(File.completed_at) > completed_at
            same = (col(File.completed_at) == completed_at) & (col(File.file_id) > file_id)
            conditions.append(later | same)
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File)
                .where(*conditions)
                .order_by(col(File.completed_at), col(File.file_id))
                .limit(_FILES_AT_ONCE)
            )
            return found.all()

    async def _with_rows(self, dataset: Dataset, files: Sequence[File]) -> set[UUID]:
        analytics = self._context.analytics
        found = await analytics.query(
            f"SELECT DISTINCT toString(_file) FROM {analytics.database}.{rejected_table(dataset)}"
            f" WHERE {_IS_OF_THEM}",
            parameters=_parameters(files),
            comment=_COMMENT,
        )
        return {UUID(str(file_id)) for (file_id,) in found.rows}

    async def _delete(self, dataset: Dataset, files: Sequence[File]) -> None:
        analytics = self._context.analytics
        # Not waited for: the record says that they are gone once they are (`_with_rows`).
        await analytics.command(
            f"ALTER TABLE {analytics.database}.{rejected_table(dataset)} DELETE WHERE"
            f" {_IS_OF_THEM}",
            parameters=_parameters(files),
            settings={"mutations_sync": 0},
            comment=_COMMENT,
        )

    async def _tell(self, files: Sequence[File]) -> None:
        now = self._context.clock()
        for file in files:
            rows = _rows_of(file)
            cause = Cause(_ACTOR, "rows.removed", now, {"rows": rows, "days": self._days})
            async with self._context.units.begin() as unit:
                told = await change(
                    unit,
                    file.file_id,
                    cause,
                    values={"rows_removed_at": now},
                    # Judged again meanwhile, it has other rows.
                    where=[
                        col(File.judged_attempt) == file.judged_attempt,
                        col(File.stage) == file.stage,
                    ],
                )
            if told is not None:
                ROWS_REMOVED.inc(rows)
                logger.info("rows.removed", file_id=str(file.file_id), rows=rows)


def _rows_of(file: File) -> int:
    statistics = file.statistics or {}
    return sum(int(str(statistics.get(kind, 0))) for kind in _KINDS)


def _parameters(files: Sequence[File]) -> dict[str, object]:
    # Of these attempts only: a reprocess may have begun to write the next one's.
    pairs = [(str(file.file_id), attempt) for file in files for attempt in _attempts_of(file)]
    return {
        "files": [file_id for file_id, _ in pairs],
        "attempts": [attempt for _, attempt in pairs],
    }


def _attempts_of(file: File) -> set[int]:
    return {n for n in (file.judged_attempt, file.published_attempt) if n is not None}
