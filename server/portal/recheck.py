"""The question before a file is checked again: what is shown now, and what would be taken.

The rules of today are tried on the file's beginning, which of a small file is all of it, each row
by itself: a key that stands in two rows, keys that newer files brought, and totals that have to
come out are met by the check itself.
"""

from collections.abc import Iterable
from decimal import Decimal

from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode
from server.files.answers import FileAnswer, Statistics
from server.files.failures import FailureCode
from server.files.tolerance import part_of_a_report, too_many_set_aside
from server.mappings.schemas import RowTried, TrialAnswer
from server.portal.consequence import sums_table
from server.portal.contexts import ConsequenceFragment
from server.portal.figures import count, plural
from server.portal.file_parts import SumLine
from server.reports.consequence import Sum

_STAYS = (
    "The rows that are there stay until the check has ended well; then what it finds takes their "
    "place. If it fails, nothing changes."
)
_OWN_PLACE = (
    "Good rows go in, in the file's own place in time: where a newer file spoke for the same keys "
    "since, its rows stay."
)
_WOULD_FAIL = "By the rules of today the file would fail."
_UNTOLD = "What the rules of today make of it cannot be told before the check."


def recheck_of(
    file: FileAnswer, dataset: Dataset, standing: tuple[Sum, ...], trial: TrialAnswer | None
) -> ConsequenceFragment:
    """Return the question's facts, ready to print.

    Args:
        file: as callers see it.
        dataset: of the file.
        standing: what readers see of it now.
        trial: what its beginning meets by the rules of today; None when it cannot be tried.
    """
    groups = []
    rows = sum(it.rows for it in standing)
    if rows:
        words = f"{plural(rows, 'row')} of it {'are' if rows > 1 else 'is'} on your dashboards now"
        groups.append(SumLine(words, sums_table(standing)))
    refused = _refused(file, dataset, trial)
    if trial is not None and trial.is_whole and refused is None:
        taken = () if _is_dry(file) else _sums_of(dataset, trial.rows)
        # What is there already needs no second table to say so.
        if taken and set(taken) != set(standing):
            words = f"{plural(trial.rows_good, 'row')} would be good by the rules of today"
            groups.append(SumLine(words, sums_table(taken)))
    sentence = f"{_WOULD_FAIL} {refused}" if refused is not None else _judged(file, trial)
    if _is_dry(file):
        sentence += " The file was sent only to be judged: nothing of it loads."
    mapping = file.mapping
    if mapping is not None:
        sentence += f" It is read with “{mapping.name}” in version {mapping.version}, as before."
    return ConsequenceFragment(sentence, tuple(groups), _STAYS if rows else _OWN_PLACE)


def _refused(file: FileAnswer, dataset: Dataset, trial: TrialAnswer | None) -> str | None:
    """Return why the whole file would fail, as far as that is known; None when it is not."""
    if (refusal := part_of_a_report(dataset, file.file.name)) is not None:
        return refusal.detail
    # A column that was exempted from the search for card numbers is not known to a trial.
    if trial is None or _code(trial) == FailureCode.PAN_DETECTED:
        return None
    if trial.failure is not None:
        return str(trial.failure.get("detail") or "")
    if not trial.is_whole:
        return None
    counts = {"rejected": trial.rows_rejected, "total": trial.rows_judged}
    refusal = too_many_set_aside(dataset, file.options, **counts)
    return refusal.detail if refusal is not None else None


def _is_dry(file: FileAnswer) -> bool:
    return bool(file.options.get("dryRun"))


def _judged(file: FileAnswer, trial: TrialAnswer | None) -> str:
    if trial is None or trial.failure is not None:
        return _UNTOLD
    return _beginning(file, trial) if not trial.is_whole else _whole(file, trial)


def _beginning(file: FileAnswer, trial: TrialAnswer) -> str:
    told = (
        f"Of its first {plural(trial.rows_judged, 'row')}, {count(trial.rows_rejected)} would "
        "be set aside by the rules of today"
    )
    before = file.statistics
    if before is None:
        return f"{told}."
    whole = plural(before.rows_total, "row")
    return f"{told}; when it was checked last, {count(before.rows_rejected)} of {whole} were."


def _whole(file: FileAnswer, trial: TrialAnswer) -> str:
    good, aside = trial.rows_good, trial.rows_rejected
    told = f"By the rules of today {plural(good, 'row')} would be good and {count(aside)} set aside"
    if file.statistics is None:
        return f"{told}."
    good_then, aside_then = _before(file, file.statistics)
    if (good, aside) == (good_then, aside_then):
        return f"{told}, as before."
    return (
        f"{told}; when it was checked last, {count(good_then)} were good and "
        f"{count(aside_then)} set aside."
    )


def _before(file: FileAnswer, statistics: Statistics) -> tuple[int, int]:
    """Return how many rows were good and set aside, each judged for itself, as a trial does."""
    ambiguous = sum(it.count for it in file.issues if it.code == IssueCode.AMBIGUOUS_KEY)
    good = statistics.rows_imported + statistics.rows_duplicate + statistics.rows_withheld
    return good + ambiguous, statistics.rows_rejected - ambiguous


def _code(trial: TrialAnswer) -> str:
    return str((trial.failure or {}).get("code", ""))


def _sums_of(dataset: Dataset, rows: Iterable[RowTried]) -> tuple[Sum, ...]:
    """Return the money of the good rows; none where a dataset's money is not in its own columns."""
    roles = dataset.roles
    if dataset.canonical is not None or roles.amount is None:
        return ()
    found: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for values in (row.values for row in rows):
        if values is None:
            continue
        kind = values.get(roles.type) or "" if roles.type else ""
        key = values.get(roles.currency) or "", kind
        number, amount = found.get(key, (0, Decimal(0)))
        found[key] = number + 1, amount + Decimal(values.get(roles.amount) or 0)
    return tuple(Sum(*key, number, amount) for key, (number, amount) in sorted(found.items()))
