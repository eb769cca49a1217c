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

logger = structlog.get_logger(__name__)

_ACTOR: Final = "reconciler"
_COMMENT: Final = "maintenance:old-rows"
# A mutation rewrites the parts that hold such a row: seldom, and for many files at once.
_EVERY_SECONDS: Final = 24 * 3600.0
_FILES_AT_ONCE: Final = 500
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
        await self.remove_now()
        self._looked_at = time.monotonic()

    async def remove_now(self) -> None:
        """Remove the rows of all files that ended long enough ago."""
        while files := await self._next():
            with_rows = [file for file in files if _rows_of(file)]
            for dataset in self._context.catalogue.all():
                own = [file for file in with_rows if file.dataset_type == dataset.name]
                if own:
                    await self._delete(dataset, own)
                    await self._tell(own)
            last = files[-1]
            self._after = (last.completed_at, last.file_id)

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

    async def _delete(self, dataset: Dataset, files: Sequence[File]) -> None:
        analytics = self._context.analytics
        # Of these attempts only: a reprocess may have begun to write the next one's.
        pairs = [(str(f.file_id), attempt) for f in files for attempt in _attempts_of(f)]
        await analytics.command(
            f"ALTER TABLE {analytics.database}.{rejected_table(dataset)} DELETE WHERE"
            " (toString(_file), _attempt) IN (SELECT arrayJoin("
            "arrayZip({files:Array(String)}, {attempts:Array(UInt32)})))",
            parameters={
                "files": [file_id for file_id, _ in pairs],
                "attempts": [attempt for _, attempt in pairs],
            },
            # They are gone when the record says so.
            settings={"mutations_sync": 1},
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


def _attempts_of(file: File) -> set[int]:
    return {n for n in (file.judged_attempt, file.published_attempt) if n is not None}
