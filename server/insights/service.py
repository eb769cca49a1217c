"""Answers the panels: one bound query each, or the file records for the newest files."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.analytics.gateway import Analytics
from server.clock import Clock, utc_now
from server.errors import NotFound, QueryRejected
from server.insights.cells import Cell, to_rows
from server.insights.panel import Column, Panel
from server.insights.panels import PANELS
from server.insights.queries import newest_files
from server.insights.question import Question
from server.telemetry.request_id import current_request_id

# ClickHouse's numbers for a table or a database that is not there.
_NOTHING_THERE = frozenset({60, 81})


@dataclass(frozen=True)
class NewestFile:
    """One line of the newest files, in the order of the panel's columns."""

    file_id: str
    name: str
    dataset_type: str
    status: str
    outcome: str | None
    rows_imported: int | None
    size_bytes: int | None
    created_at: datetime


class FileRecords(Protocol):
    """What insights need of the files room; wired where both are known."""

    async def newest(self, workspace_id: str, *, limit: int) -> Sequence[NewestFile]:
        """Return at most `limit` files of the workspace, newest first."""


@dataclass(frozen=True)
class Answer:
    """What a panel shows for a question."""

    panel: Panel
    rows: tuple[tuple[Cell, ...], ...]
    """Cells in the order of `panel.columns`; ordered, and the same for the same data."""
    as_of: datetime
    elapsed_seconds: float
    notice: str | None = None
    """Says why the data cannot answer; then there are no rows."""

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the panel's columns."""
        return self.panel.columns


class Insights:
    """The panels over one ClickHouse.

    Args:
        analytics: the gateway to ClickHouse.
        files: where the newest files are read.
        timeout_seconds: longest a panel's query may run.
        clock: tells `asOf`.
        stopwatch: seconds from any beginning; tells `elapsedSeconds`.
    """

    def __init__(
        self,
        analytics: Analytics,
        files: FileRecords,
        *,
        timeout_seconds: int = 60,
        clock: Clock = utc_now,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._analytics = analytics
        self._files = files
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._stopwatch = stopwatch

    @property
    def panels(self) -> Mapping[str, Panel]:
        """Return every panel by name, in the order of the list."""
        return PANELS

    async def answer(self, panel: str, question: Question, *, workspace_id: str) -> Answer:
        """Return what the panel shows to this workspace.

        Raises:
            NotFound: there is no panel of that name.
            AnalyticsUnavailable: ClickHouse does not answer.
        """
        if panel not in PANELS:
            detail = f"There is no panel {panel[:80]!r}; GET /analytics/insights lists them."
            raise NotFound(detail)
        declared = PANELS[panel]
        as_of, began = self._clock(), self._stopwatch()
        notice = None
        try:
            values = await self._values(declared, question, workspace_id)
        except QueryRejected as refusal:
            if refusal.code not in _NOTHING_THERE:
                raise
            values, notice = [], "The dataset behind this panel has not been set up yet."
        return Answer(
            panel=declared,
            rows=to_rows(declared.columns, values),
            as_of=as_of,
            elapsed_seconds=round(self._stopwatch() - began, 6),
            notice=notice,
        )

    async def _values(
        self, panel: Panel, question: Question, workspace_id: str
    ) -> Sequence[Sequence[object]]:
        if panel.sql is None:
            files = await self._files.newest(workspace_id, limit=newest_files.LIMIT)
            return [_file_row(file) for file in files]
        answer = await self._analytics.query(
            panel.sql,
            comment=f"insight:{panel.panel}:{current_request_id()}",
            parameters=question.bound(workspace_id=workspace_id, database=self._analytics.database),
            timeout_seconds=self._timeout_seconds,
        )
        return answer.rows


def _file_row(file: NewestFile) -> tuple[object, ...]:
    return (
        file.file_id,
        file.name,
        file.dataset_type,
        file.status,
        file.outcome,
        file.rows_imported,
        file.size_bytes,
        file.created_at,
    )
