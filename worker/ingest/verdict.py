"""The verdict on a judged file: every row counted, money summed, issues grouped."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from server.datasets.canonical_sql import money_of
from server.datasets.column import ColumnType
from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, REJECTED, SKIPPED
from server.reports.rows import sentence
from worker.ingest.attempt import Attempt
from worker.ingest.controls import Checked, run_controls
from worker.ingest.duplicates import Doubled


@dataclass(frozen=True)
class Total:
    """Count and sum of one currency and type."""

    currency: str
    transaction_type: str | None
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Verdict:
    """What judging found; rows_good would load."""

    rows_good: int
    rows_rejected: int
    rows_duplicate: int
    rows_skipped: int
    rows_with_warnings: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    totals: tuple[Total, ...]
    issues: list[dict[str, object]] = field(default_factory=list)
    controls: tuple[Checked, ...] = ()

    @property
    def rows_total(self) -> int:
        """Return the data rows of the file."""
        return self.rows_good + self.rows_rejected + self.rows_duplicate


async def judge_staged(attempt: Attempt, doubled: Doubled) -> Verdict:
    """Return the verdict from the staging table; one scan of a few columns."""
    dataset = attempt.dataset
    currency, kind, amount = money_of(dataset)
    currency, kind = (_word(dataset, name) for name in (currency, kind))
    found = await attempt.query(
        f"SELECT _verdict, {currency} AS currency, {kind} AS kind, count() AS rows,"
        f" toDecimal128(sum({amount}), 8) AS amount,"
        f" sum(notEmpty(_issues)) AS with_issues,"
        f" min({dataset.event_time}) AS first, max({dataset.event_time}) AS last"
        f" FROM {attempt.staged} GROUP BY _verdict, currency, kind ORDER BY currency, kind"
    )
    good = [row for row in found.records() if row["_verdict"] == GOOD]
    rejected = _count(found.records(), REJECTED)
    warned = sum(int(str(row["with_issues"])) for row in good)
    has_issues = bool(rejected or warned)
    return Verdict(
        rows_good=_count(good, GOOD),
        rows_rejected=rejected,
        rows_duplicate=doubled.duplicates,
        rows_skipped=_count(found.records(), SKIPPED),
        rows_with_warnings=warned,
        first_event_at=min((_moment(row["first"]) for row in good), default=None),
        last_event_at=max((_moment(row["last"]) for row in good), default=None),
        totals=tuple(
            Total(
                str(row["currency"]),
                str(row["kind"]) if dataset.roles.type else None,
                int(str(row["rows"])),
                Decimal(str(row["amount"])),
            )
            for row in (good if dataset.roles.amount else ())
        ),
        issues=await _issues(attempt) if has_issues else [],
        controls=await run_controls(attempt),
    )


def _word(dataset: Dataset, word: str) -> str:
    few = (ColumnType.ENUM, ColumnType.CURRENCY)
    if any(column.name == word and column.type in few for column in dataset.columns):
        return word
    # Of a rejected row it may be anything, and another in every row.
    return f"if(_verdict = {GOOD}, {word}, '')"


async def _issues(attempt: Attempt) -> list[dict[str, object]]:
    found = await attempt.query(
        "SELECT toString(issue.1) AS severity, toString(issue.2) AS name,"
        " toString(issue.3) AS code, count() AS rows, min(_row) AS first"
        f" FROM {attempt.staged} ARRAY JOIN _issues AS issue"
        f" WHERE _verdict IN ({GOOD}, {REJECTED})"
        " GROUP BY severity, name, code ORDER BY severity, rows DESC, name, code"
    )
    return [
        {
            "code": code,
            "severity": severity,
            "column": name or None,
            "count": int(str(rows)),
            "firstRowNumber": int(str(first)),
            "message": sentence(attempt.dataset, str(code), str(name)),
        }
        for severity, name, code, rows, first in found.rows
    ]


def _count(rows: list[dict[str, object]], verdict: int) -> int:
    return sum(int(str(row["rows"])) for row in rows if row["_verdict"] == verdict)


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    # The client gives times of columns in UTC without a zone.
    return value.replace(tzinfo=UTC)
