"""What is told of a trial: the header met, rows counted, issues grouped, some rows shown.

Comes after `trial.py`, which judges the sample.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from server.datasets.declaration import Dataset
from server.datasets.header import Alignment, fingerprint
from server.datasets.layout import Layout
from server.datasets.tables import GOOD, REJECTED
from server.files.failures import FileFailed
from server.mappings.schemas import (
    HeaderTried,
    IssuesTried,
    LabelRead,
    RowIssueTried,
    RowTried,
    TrialAnswer,
)
from server.reports.rows import sentence

_SYSTEM = ("_row", "_verdict", "_issues", "_cells")


@dataclass(frozen=True)
class JudgedRow:
    """A row of a sample, as it was judged."""

    number: int
    verdict: str
    issues: tuple[tuple[str, str, str], ...]
    """(severity, column, code)."""
    cells: dict[str, str]
    values: dict[str, str | None] | None

    @classmethod
    def blank(cls, number: int) -> "JudgedRow":
        """Return the row that a blank line is."""
        return cls(number, "skipped", (), {}, None)

    @classmethod
    def of(cls, dataset: Dataset, layout: Layout, row: dict[str, object]) -> "JudgedRow":
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


def failed_answer(failure: FileFailed) -> TrialAnswer:
    """Return what is told of a sample that cannot be looked at."""
    return nothing_judged(is_whole=False).model_copy(update={"failure": failure.as_json()})


def nothing_judged(*, is_whole: bool) -> TrialAnswer:
    """Return the answer before any row is judged."""
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


def header_tried(alignment: Alignment) -> HeaderTried:
    """Return how a header met the dataset."""
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


def rows_tried(dataset: Dataset, rows: list[JudgedRow], *, shown: int) -> dict[str, object]:
    """Return the part of the answer that tells of rows; the first of them are shown."""
    counted = Counter(row.verdict for row in rows)
    return {
        "rows_judged": counted["good"] + counted["rejected"],
        "rows_good": counted["good"],
        "rows_rejected": counted["rejected"],
        "rows_skipped": counted["skipped"],
        "issues": _grouped(dataset, rows),
        "rows": [_shown(dataset, row) for row in rows[:shown]],
    }


def _grouped(dataset: Dataset, rows: list[JudgedRow]) -> list[IssuesTried]:
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


def _shown(dataset: Dataset, row: JudgedRow) -> RowTried:
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


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case datetime():
            moment = value.replace(tzinfo=UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            return str(value)
