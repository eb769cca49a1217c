"""The rows of a file that were set aside or warned about: by page, and as a CSV to repair.

Written by `worker/ingest/load.py` into the dataset's rejected table, with the cells as they were
sent; read here by the file's page and the API.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.formulas import harmless
from server.datasets.hints import hint
from server.datasets.issues import IssueCode, Translate, message
from server.datasets.tables import GOOD, REJECTED, rejected_table

Kind = Literal["rejected", "warned"]

REPORT_COLUMNS = ("_file_id", "_row_number", "_issues")

# Rows fetched at a time for the CSV: memory stays flat however many were rejected.
_BATCH_ROWS = 5_000
_ASIDE = "toDateTime64(0, 6, 'UTC')"


@dataclass(frozen=True)
class RowSource:
    """Which rows are asked for."""

    workspace_id: str
    file_id: UUID
    attempt: int
    """The attempt whose judgement counts."""
    dataset: Dataset
    labels: tuple[str, ...]
    """The header's labels as sent, in order."""


@dataclass(frozen=True)
class RowIssue:
    """One issue of a row."""

    code: str
    severity: str
    column: str | None
    message: str


@dataclass(frozen=True)
class RowReport:
    """One row: its number (1-based), its issues, its cells as sent by label."""

    row_number: int
    issues: tuple[RowIssue, ...]
    cells: dict[str, str]


async def rows(
    analytics: Analytics,
    source: RowSource,
    *,
    kind: Kind,
    after_row: int,
    limit: int,
    translated: Translate = str,
) -> list[RowReport]:
    """Return at most limit rows with a number above after_row, in order.

    Args:
        analytics: where they are.
        source: which file's.
        kind: set aside, or loaded with a warning.
        after_row: of the last row that is known already; 0 to begin.
        limit: most rows to return.
        translated: gives the sentences of issues in the reader's language.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    found = await _fetch(analytics, source, kind=kind, after_row=after_row, limit=limit)
    return [
        RowReport(
            number,
            _issues(source.dataset, issues, translated),
            _by_label(source.labels, cells),
        )
        for number, issues, cells in found
    ]


async def rejected_csv(analytics: Analytics, source: RowSource) -> AsyncIterator[bytes]:
    """Yield the rejected rows as CSV: the columns as sent, and three of ours.

    Cells that a spreadsheet would run are marked (`formulas.py`); surplus cells are left out.
    """
    labels = source.labels
    # Of a file that was such a CSV itself, the labels are as it was sent, and marked.
    if not {label.strip() for label in labels} >= set(REPORT_COLUMNS):
        labels = tuple(map(harmless, labels))
    yield _csv([[*labels, *REPORT_COLUMNS]])
    after_row = 0
    while True:
        found = await _fetch(
            analytics, source, kind="rejected", after_row=after_row, limit=_BATCH_ROWS
        )
        if found:
            # Seconds of work for a million rows: not in the way of other requests.
            yield await asyncio.to_thread(_csv_lines, source, found)
            after_row = found[-1][0]
        if len(found) < _BATCH_ROWS:
            return


def _csv_lines(source: RowSource, found: "list[_Found]") -> bytes:
    width = len(source.labels)
    lines = []
    for number, issues, cells in found:
        padded = [*map(harmless, cells[:width]), *[""] * (width - len(cells))]
        told = "; ".join(f"{column}: {code}" if column else code for _, column, code in issues)
        lines.append([*padded, str(source.file_id), str(number), told])
    return _csv(lines)


_Found = tuple[int, list[tuple[str, str, str]], list[str]]


async def _fetch(
    analytics: Analytics, source: RowSource, *, kind: Kind, after_row: int, limit: int
) -> list[_Found]:
    verdict = REJECTED if kind == "rejected" else GOOD
    answer = await analytics.query(
        "SELECT _row, arrayMap(i -> (toString(i.1), toString(i.2), toString(i.3)), _issues)"
        # Bytes that are no text are shown as U+FFFD: JSON cannot carry them.
        " AS issues, arrayMap(c -> toValidUTF8(c), _cells) AS cells"
        f" FROM {analytics.database}.{rejected_table(source.dataset)}"
        # All of a file's rows aside have one event time (`tables.py`). With it the whole head of
        # the sorting key is given, so that the rows are read in their order, from where the page
        # before ended, and no further than this one goes.
        f" WHERE _workspace = {{workspace:String}} AND {source.dataset.event_time} = {_ASIDE}"
        " AND _file = {file:UUID}"
        " AND _attempt = {attempt:UInt32} AND _verdict = {verdict:UInt8} AND _row > {after:UInt64}"
        " ORDER BY _row LIMIT {limit:UInt32}",
        parameters={
            "workspace": source.workspace_id,
            "file": str(source.file_id),
            "attempt": source.attempt,
            "verdict": verdict,
            "after": after_row,
            "limit": limit,
        },
        comment=f"report:{source.file_id}",
    )
    return [_found(*row) for row in answer.rows]


def _found(number: object, issues: object, cells: object) -> _Found:
    if not isinstance(number, int) or not isinstance(issues, Sequence):
        raise TypeError(type(number).__name__)
    if not isinstance(cells, Sequence):
        raise TypeError(type(cells).__name__)
    return number, [(str(a), str(b), str(c)) for a, b, c in issues], [str(cell) for cell in cells]


def _issues(
    dataset: Dataset, found: list[tuple[str, str, str]], translated: Translate
) -> tuple[RowIssue, ...]:
    return tuple(
        RowIssue(code, severity, column or None, sentence(dataset, code, column, translated))
        for severity, column, code in found
    )


def sentence(dataset: Dataset, code: str, column: str, translated: Translate = str) -> str:
    """Return an issue in words; it never holds a cell."""
    if code == IssueCode.AMBIGUOUS_KEY:
        return message(IssueCode.AMBIGUOUS_KEY, "", ", ".join(dataset.key), translated)
    told = hint(dataset.column(column), translated) if column else ""
    return message(IssueCode(code), column, told, translated)


def _by_label(labels: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    named = dict(zip(labels, cells, strict=False))
    # Surplus cells have no label: they are told by their place.
    surplus = cells[len(labels) :]
    return named | {f"_extra_{place}": cell for place, cell in enumerate(surplus, start=1) if cell}


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerows(lines)
    return held.getvalue().encode()
