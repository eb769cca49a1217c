"""A mapping tried on a sample: the header aligned, the rows judged, nothing kept.

The sample goes through the code that files go through: its head is looked at as in the ingest's
inspection (`server/files/framing.py`), and the engine judges it with the same statement.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.clearing import card_numbers_statement
from server.datasets.declaration import Dataset
from server.datasets.header import Alignment, fingerprint
from server.datasets.judging import judged_rows
from server.datasets.layout import OVERFLOW_COLUMNS, UNREADABLE, Layout, read_settings
from server.datasets.mapping import Mapping
from server.datasets.sql import quoted
from server.datasets.tables import GOOD, REJECTED, columns
from server.errors import QueryRejected
from server.files.contents import Contents
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, lay_out
from server.mappings.checking import judging_parameters
from server.mappings.schemas import (
    HeaderTried,
    IssuesTried,
    LabelRead,
    RowIssueTried,
    RowTried,
    TrialAnswer,
)
from server.reports.rows import sentence

_COMMENT = "mapping:try"
# A sample is small: what takes longer is not the sample's fault.
_SECONDS = 20
_SYSTEM = ("_row", "_verdict", "_issues", "_cells")


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, or all of one."""

    contents: Contents
    file_type: str
    rows: int
    """How many to show."""


class Trials:
    """Judges samples."""

    def __init__(self, analytics: Analytics, clock: Clock) -> None:
        self._analytics = analytics
        self._clock = clock

    async def judge(self, dataset: Dataset, mapping: Mapping, sample: Sample) -> TrialAnswer:
        """Return what a file that begins like the sample would meet.

        Raises:
            AnalyticsUnavailable: ClickHouse does not answer, or takes too long.
        """
        nothing = _nothing(is_whole=sample.contents.is_whole)
        try:
            layout, alignment = lay_out(
                dataset, sample.contents, file_type=sample.file_type, mapping=mapping
            )
        except FileFailed as failure:
            return nothing.model_copy(update={"failure": failure.as_json()})
        header = {"header": _header(alignment), "delimiter": layout.delimiter}
        try:
            check_header(dataset, alignment)
            layout = replace(layout, overflow=OVERFLOW_COLUMNS, is_by_lines=False)
            await self._refuse_card_numbers(dataset, layout, sample)
            rows = await self._rows(dataset, layout, sample)
        except FileFailed as failure:
            return nothing.model_copy(update={"failure": failure.as_json(), **header})
        return nothing.model_copy(update={**header, **_told(dataset, rows, sample)})

    async def _refuse_card_numbers(self, dataset: Dataset, layout: Layout, sample: Sample) -> None:
        statement = card_numbers_statement(dataset, layout, source=_cells(layout, sample))
        found = await self._query(statement, layout)
        if found:
            told = ", ".join(f"{label} ({rows} rows)" for label, rows, _ in found)
            detail = f"Full card numbers in {told}. A file that holds one is destroyed."
            labels = [str(label) for label, _, _ in found]
            raise FileFailed(FailureCode.PAN_DETECTED, detail, columns=labels)

    async def _rows(self, dataset: Dataset, layout: Layout, sample: Sample) -> "list[_Row]":
        source = layout.renamed(_cells(layout, sample))
        statement = judged_rows(dataset, layout, source=source, keeps_all_cells=True)
        found = await self._query(f"{statement}\nORDER BY row", layout)
        names = [name for name, _ in columns(dataset)]
        rows = [_Row.of(dataset, layout, dict(zip(names, row, strict=True))) for row in found]
        # The cut may have gone through the last record.
        return rows if sample.contents.is_whole else rows[:-1]

    async def _query(self, statement: str, layout: Layout) -> list[tuple[object, ...]]:
        mapping = layout.mapping or Mapping()
        settings = {
            **read_settings(layout, await self._analytics.cores()),
            # One thread, so that rows are numbered in their order.
            "max_threads": 1,
            "input_format_parallel_parsing": 0,
        }
        try:
            found = await self._analytics.query(
                statement,
                parameters=judging_parameters(self._analytics, mapping.zone, self._clock()),
                settings=settings,
                timeout_seconds=_SECONDS,
                comment=_COMMENT,
            )
        except QueryRejected as fault:
            if fault.code not in UNREADABLE:
                raise
            # The message may quote cells.
            detail = "The text cannot be cut into rows and cells."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail) from fault
        return found.rows


@dataclass(frozen=True)
class _Row:
    number: int
    verdict: str
    issues: tuple[tuple[str, str, str], ...]
    """(severity, column, code)."""
    cells: dict[str, str]
    values: dict[str, str | None] | None

    @classmethod
    def of(cls, dataset: Dataset, layout: Layout, row: dict[str, object]) -> "_Row":
        """Return a row of the tables' columns."""
        number, verdict, issues, cells = (row[name] for name in _SYSTEM)
        if not isinstance(issues, Sequence) or not isinstance(cells, Sequence):
            raise TypeError(type(issues).__name__)
        is_good = verdict == GOOD
        return cls(
            number=int(str(number)),
            verdict="good" if is_good else "rejected" if verdict == REJECTED else "skipped",
            issues=tuple((str(a), str(b), str(c)) for a, b, c in issues),
            cells=dict(zip(layout.labels, map(str, cells), strict=False)),
            values={c.name: _text(row[c.name]) for c in dataset.columns} if is_good else None,
        )


def _cells(layout: Layout, sample: Sample) -> str:
    """Return the table expression of the sample's records, numbered from 0."""
    text = f"format('{layout.format}', {quoted(layout.structure)}, {quoted(sample.contents.text)})"
    return f"(SELECT rowNumberInAllBlocks() AS _row_number, * FROM {text})"


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case datetime():
            moment = value.replace(tzinfo=UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            return str(value)


def failed_answer(failure: FileFailed) -> TrialAnswer:
    """Return what is told of a sample that cannot be looked at."""
    return _nothing(is_whole=False).model_copy(update={"failure": failure.as_json()})


def _nothing(*, is_whole: bool) -> TrialAnswer:
    return TrialAnswer(
        failure=None,
        header=None,
        delimiter=None,
        is_whole=is_whole,
        rows_judged=0,
        rows_good=0,
        rows_rejected=0,
        rows_skipped=0,
        issues=[],
        rows=[],
    )


def _header(alignment: Alignment) -> HeaderTried:
    pairs = zip(alignment.labels, alignment.columns, strict=True)
    return HeaderTried(
        labels=[LabelRead(label=label, column=column) for label, column in pairs],
        fingerprint=fingerprint(alignment.labels),
        matched=list(alignment.matched),
        missing=list(alignment.missing),
        missing_required=list(alignment.missing_required),
        unknown=list(alignment.unknown),
        ignored=list(alignment.ignored),
        suggestions=alignment.suggestions,
    )


def _told(dataset: Dataset, rows: list[_Row], sample: Sample) -> dict[str, object]:
    counted = Counter(row.verdict for row in rows)
    return {
        "rows_judged": counted["good"] + counted["rejected"],
        "rows_good": counted["good"],
        "rows_rejected": counted["rejected"],
        "rows_skipped": counted["skipped"],
        "issues": _grouped(dataset, rows),
        "rows": [_shown(dataset, row) for row in rows[: sample.rows]],
    }


def _grouped(dataset: Dataset, rows: list[_Row]) -> list[IssuesTried]:
    found = [(issue, row.number) for row in rows for issue in row.issues]
    counted = Counter(issue for issue, _ in found)
    first = dict(reversed(found))
    ordered = sorted(counted, key=lambda issue: (issue[0], -counted[issue], *issue[1:]))
    return [
        IssuesTried(
            code=code,
            severity=severity,
            column=column or None,
            count=counted[severity, column, code],
            first_row_number=first[severity, column, code],
            message=sentence(dataset, code, column),
        )
        for severity, column, code in ordered
    ]


def _shown(dataset: Dataset, row: _Row) -> RowTried:
    return RowTried.model_validate(
        {
            "row_number": row.number,
            "verdict": row.verdict,
            "cells": row.cells,
            "values": row.values,
            "issues": [
                RowIssueTried(
                    code=code,
                    severity=severity,
                    column=column or None,
                    message=sentence(dataset, code, column),
                )
                for severity, column, code in row.issues
            ],
        }
    )
