"""What a file's record says at its end: the contract's statistics, from a verdict."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from server.files.claims import Ending
from server.files.lifecycle import Outcome
from worker.ingest.controls import Checked
from worker.ingest.verdict import Total, Verdict
from worker.ingest.watch import Watch


@dataclass(frozen=True)
class Imported:
    """What is known of a file when its rows are ready to be published."""

    verdict: Verdict
    changes: dict[str, object]
    """Columns of the file's record: header, labels, encoding, …"""
    watch: Watch


def imported_ending(imported: Imported, replaced: int, outdated: int) -> Ending:
    """Return the end of a file whose good rows load.

    Args:
        imported: the file.
        replaced: rows whose key took an older file's place.
        outdated: rows for whose key a newer file already spoke.
    """
    verdict = imported.verdict
    inserted = verdict.rows_good - replaced - outdated
    statistics = statistics_of(
        verdict,
        imported.watch.durations,
        imported=verdict.rows_good,
        inserted=inserted,
        replaced=replaced,
        outdated=outdated,
    )
    outcome = Outcome.IMPORTED_WITH_REJECTIONS if verdict.rows_rejected else Outcome.IMPORTED
    return Ending(outcome, statistics, verdict.issues, imported.changes)


def withheld_ending(imported: Imported, outcome: Outcome) -> Ending:
    """Return the end of a file that was judged and not loaded: a dry run, or a failure."""
    verdict = imported.verdict
    statistics = statistics_of(verdict, imported.watch.durations, withheld=verdict.rows_good)
    return Ending(outcome, statistics, verdict.issues, imported.changes)


def duplicate_ending(ending: Ending, rows_total: int) -> Ending:
    """Return the end of a file whose bytes are imported already: every row is a duplicate."""
    nothing = Verdict(0, 0, rows_total, 0, 0, None, None, ())
    return replace(ending, statistics=statistics_of(nothing, {}))


def statistics_of(
    verdict: Verdict,
    durations: dict[str, float],
    *,
    imported: int = 0,
    inserted: int = 0,
    replaced: int = 0,
    outdated: int = 0,
    withheld: int = 0,
) -> dict[str, object]:
    """Return the contract's `statistics`; both sums hold by construction."""
    return {
        "rowsTotal": verdict.rows_total,
        "rowsImported": imported,
        "rowsRejected": verdict.rows_rejected,
        "rowsDuplicate": verdict.rows_duplicate,
        "rowsWithheld": withheld,
        "rowsInserted": inserted,
        "rowsReplaced": replaced,
        "rowsOutdated": outdated,
        "rowsWithWarnings": verdict.rows_with_warnings,
        "rowsSkipped": verdict.rows_skipped,
        "firstEventAt": _instant(verdict.first_event_at),
        "lastEventAt": _instant(verdict.last_event_at),
        "totals": [_total(total) for total in verdict.totals] if imported else [],
        "controls": [_control(checked) for checked in verdict.controls],
        # The very dict: publishing is told in it when it is over.
        "durations": durations,
    }


def write_ending(ending: Ending) -> dict[str, object]:
    """Return the end as JSON, for the publication that is written before the swap."""
    return {
        "outcome": str(ending.outcome),
        "statistics": ending.statistics,
        "issues": ending.issues,
        "changes": dict(ending.changes),
    }


def read_ending(written: dict[str, object]) -> Ending:
    """Return what write_ending wrote.

    Raises:
        TypeError: it is not of that form.
    """
    statistics, issues = written["statistics"], written["issues"]
    changes = written["changes"]
    if (
        not isinstance(statistics, dict)
        or not isinstance(issues, list)
        or not isinstance(changes, dict)
    ):
        message = "a publication's result is not of the form it is written in"
        raise TypeError(message)
    return Ending(Outcome(str(written["outcome"])), statistics, issues, changes)


def _total(total: Total) -> dict[str, object]:
    return {
        "currency": total.currency,
        "transactionType": total.transaction_type,
        "count": total.count,
        "amount": money(total.amount),
    }


def _control(checked: Checked) -> dict[str, object]:
    # Counted rows are whole numbers, money has at least two digits.
    text = money if checked.currency and not checked.is_count else "{:.0f}".format
    return {
        "name": checked.name,
        "currency": checked.currency,
        "expected": text(checked.expected),
        "actual": text(checked.actual),
        "difference": text(checked.actual - checked.expected),
        "result": checked.result,
    }


def money(amount: Decimal) -> str:
    """Return the amount as a plain decimal string with at least two digits after the dot."""
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _instant(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
