"""The question before a file is checked again: what is shown now, and what would be taken.

The rules of today are tried on the file's beginning, which of a small file is all of it, each row
by itself: a key that stands in two rows, keys that newer files brought, and totals that have to
come out are met by the check itself.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode
from server.files.answers import FileAnswer, Statistics
from server.files.failures import FailureCode
from server.files.tolerance import part_of_a_report, too_many_set_aside
from server.mappings.schemas import RowTried, TrialAnswer
from server.portal.consequence import sums_table
from server.portal.contexts import ConsequenceFragment
from server.portal.counts import counted, rows_in_words
from server.portal.figures import count
from server.portal.file_parts import SumLine
from server.portal.texts import English
from server.portal.texts import gettext as _
from server.reports.consequence import Sum


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
    shown = sum(it.rows for it in standing)
    if shown:
        words = counted(
            "%(number)s row of it is on your dashboards now",
            "%(number)s rows of it are on your dashboards now",
            shown,
        )
        groups.append(SumLine(words, sums_table(standing)))
    refused = _refused(file, dataset, trial)
    if trial is not None and trial.is_whole and refused is None:
        taken = () if _is_dry(file) else _sums_of(dataset, trial.rows)
        # What is there already needs no second table to say so.
        if taken and set(taken) != set(standing):
            words = counted(
                "%(number)s row would be good by the rules of today",
                "%(number)s rows would be good by the rules of today",
                trial.rows_good,
            )
            groups.append(SumLine(words, sums_table(taken)))
    told = tuple(_told(file, trial, refused))
    return ConsequenceFragment(told, tuple(groups), _stays() if shown else _own_place())


def _told(file: FileAnswer, trial: TrialAnswer | None, refused: str | None) -> Iterator[str]:
    """Yield the sentences of what the check would find."""
    if refused is not None:
        yield _("By the rules of today the file would fail.")
        yield English(refused)
    else:
        yield _judged(file, trial)
    if _is_dry(file):
        yield _("The file was sent only to be judged: nothing of it loads.")
    if (mapping := file.mapping) is not None:
        yield _("It is read with “%(mapping)s” in version %(version)s, as before.") % {
            "mapping": mapping.name,
            "version": mapping.version,
        }


def _stays() -> str:
    return _(
        "The rows that are there stay until the check has ended well; then what it finds takes "
        "their place. If it fails, nothing changes."
    )


def _own_place() -> str:
    return _(
        "Good rows go in, in the file's own place in time: where a newer file spoke for the same "
        "keys since, its rows stay."
    )


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
        return _("What the rules of today make of it cannot be told before the check.")
    return _beginning(file, trial) if not trial.is_whole else _whole(file, trial)


def _beginning(file: FileAnswer, trial: TrialAnswer) -> str:
    judged, aside = trial.rows_judged, count(trial.rows_rejected)
    before = file.statistics
    if before is None:
        return counted(
            "Of its first %(number)s row, %(aside)s would be set aside by the rules of today.",
            "Of its first %(number)s rows, %(aside)s would be set aside by the rules of today.",
            judged,
            aside=aside,
        )
    return counted(
        "Of its first %(number)s row, %(aside)s would be set aside by the rules of today; when it "
        "was checked last, %(aside_then)s of %(rows_then)s were.",
        "Of its first %(number)s rows, %(aside)s would be set aside by the rules of today; when it "
        "was checked last, %(aside_then)s of %(rows_then)s were.",
        judged,
        aside=aside,
        aside_then=count(before.rows_rejected),
        rows_then=rows_in_words(before.rows_total),
    )


def _whole(file: FileAnswer, trial: TrialAnswer) -> str:
    good, aside = trial.rows_good, trial.rows_rejected
    if file.statistics is None:
        return counted(
            "By the rules of today %(number)s row would be good and %(aside)s set aside.",
            "By the rules of today %(number)s rows would be good and %(aside)s set aside.",
            good,
            aside=count(aside),
        )
    good_then, aside_then = _before(file, file.statistics)
    if (good, aside) == (good_then, aside_then):
        return counted(
            "By the rules of today %(number)s row would be good and %(aside)s set aside, as "
            "before.",
            "By the rules of today %(number)s rows would be good and %(aside)s set aside, as "
            "before.",
            good,
            aside=count(aside),
        )
    return counted(
        "By the rules of today %(number)s row would be good and %(aside)s set aside; when it was "
        "checked last, %(good_then)s were good and %(aside_then)s set aside.",
        "By the rules of today %(number)s rows would be good and %(aside)s set aside; when it was "
        "checked last, %(good_then)s were good and %(aside_then)s set aside.",
        good,
        aside=count(aside),
        good_then=count(good_then),
        aside_then=count(aside_then),
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
