"""Turns one file into its page: banner, key figures, steps, what was found, history."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from server.access.scopes import Scope
from server.datasets.declaration import Dataset
from server.datasets.issues import ISSUES, IssueCode
from server.datasets.mapping import Mapping as ColumnMapping
from server.files.answers import FileAnswer, HistoryEntry, Statistics, answer_file
from server.files.lifecycle import Outcome
from server.files.models import File
from server.portal.actions import actions_of, allowed, undo_in_words
from server.portal.banner import banner_of, undoing_banner
from server.portal.contexts import FilePage, Shell
from server.portal.counts import rows_of_kind
from server.portal.dates import moment_in_words
from server.portal.figures import count, money, percent, size
from server.portal.file_facts import file_facts
from server.portal.file_lines import file_line
from server.portal.file_parts import IssueLine, RepairForm
from server.portal.header_lines import header_alignment
from server.portal.history_lines import history_line
from server.portal.parts import Banner, Cell, Figure, Table, Tone
from server.portal.rejected import rejected_rows
from server.portal.repairs import (
    Family,
    came_back,
    offering_repair,
    repair_form,
    repair_lines,
    with_repaired,
)
from server.portal.steps import steps_of
from server.portal.texts import Words
from server.portal.texts import gettext as _
from server.portal.words import fate_of_rows, sender_in_words
from server.reports.rows import RowReport

# Two of the row figures and two currencies fit one line; every currency is in the totals' table.
_CURRENCIES_AS_FIGURES = 2

_RESULTS = Words(
    {
        "ok": "Adds up",
        "failed": "Does not add up",
        "warning": "Does not add up; loaded all the same",
    }
)
_MOVED = Words({"capture": "%(currency)s captured", "refund": "%(currency)s refunded"})


def file_page(
    row: File,
    *,
    shell: Shell,
    titles: Mapping[str, str],
    dataset: Dataset | None,
    history: Sequence[HistoryEntry],
    rejected: Sequence[RowReport] | None,
    family: Family,
    now: datetime,
    scopes: frozenset[Scope],
    mapping: ColumnMapping | None = None,
) -> FilePage:
    """Return the page of a file.

    Args:
        row: the file's record.
        shell: the frame.
        titles: dataset type → its title.
        dataset: the file's, None when it is not declared any more.
        history: oldest first.
        rejected: the first rows set aside; None when they cannot be read now.
        family: the files it repairs and is repaired by.
        now: the present, aware.
        scopes: of the reader: buttons they may not press are not there.
        mapping: what the file was read with, None for one in the dataset's own words.
    """
    file = answer_file(row)
    zone = shell.zone
    statistics = file.statistics
    is_being_undone = row.undo_requested_at is not None and row.undone_at is None
    header = header_alignment(file, dataset, row.labels or (), mapping)
    form = None
    if family.may_send and not is_being_undone:
        form = repair_form(file, dataset, row.labels or (), family.repairs)
    banner = undoing_banner() if is_being_undone else _banner(file, form, family, now, zone)
    return FilePage(
        shell=shell,
        file=file_line(file, titles=titles, now=now, zone=zone),
        subtitle=_("%(size)s · sent %(when)s by %(sender)s")
        % {
            "size": size(file.file.size_bytes),
            "when": moment_in_words(file.created_at, now, zone),
            "sender": sender_in_words(file.created_by),
        },
        banner=replace(banner, actions=allowed(banner.actions, scopes)),
        actions=allowed(actions_of(file, now, is_being_undone=is_being_undone), scopes),
        is_being_undone=is_being_undone,
        figures=_figures(statistics, file.outcome) if statistics else (),
        steps=steps_of(file, zone, header.found if header else ""),
        totals=_totals(statistics) if statistics and statistics.totals else None,
        controls=_controls(statistics) if statistics and statistics.controls else None,
        issues=tuple(
            IssueLine(
                title=_issue_title(issue.code),
                code=issue.code,
                tone=Tone.BAD if issue.severity == "error" else Tone.WARN,
                column=issue.column or "",
                count=count(issue.count),
                first=count(issue.first_row_number),
            )
            for issue in file.issues
        ),
        rejected=rejected_rows(file, dataset, rejected, mapping, came_back(family.repairs))
        if Scope.FILES_DOWNLOAD in scopes
        else None,
        repair=form,
        repairs=repair_lines(family.repairs),
        header=header,
        facts=file_facts(file, family, undo_in_words(file, now, zone)),
        history=tuple(history_line(entry, now, zone) for entry in history),
    )


def _banner(
    file: FileAnswer, form: RepairForm | None, family: Family, now: datetime, zone: str
) -> Banner:
    banner = banner_of(file, now=now, zone=zone, may_send=family.may_send)
    if form is not None:
        banner = offering_repair(banner, form)
    return with_repaired(banner, file, family.repaired)


def _figures(statistics: Statistics, outcome: Outcome | None) -> tuple[Figure, ...]:
    aside, total = statistics.rows_rejected, statistics.rows_total
    share = _("of no rows")
    if total:
        share = _("%(share)s of the file") % {"share": percent(Decimal(aside) / Decimal(total))}
    figures = [
        Figure(_("Imported"), count(statistics.rows_imported), fate_of_rows(statistics, outcome)),
        Figure(_("Set aside"), count(aside), share),
    ]
    for currency in _currencies(statistics)[:_CURRENCIES_AS_FIGURES]:
        rows = [total for total in statistics.totals if total.currency == currency]
        main = rows[0]
        kinds = " · ".join(rows_of_kind(row.count, row.transaction_type) for row in rows)
        moved = _MOVED.get((main.transaction_type or "").lower()) or _("%(currency)s amount")
        amount = money(Decimal(main.amount), currency)
        figures.append(Figure(moved % {"currency": currency}, amount, kinds))
    return tuple(figures)


def _currencies(statistics: Statistics) -> list[str]:
    """Return the currencies of the totals, the one with most rows first."""
    rows: dict[str, int] = {}
    for total in statistics.totals:
        if total.currency:
            rows[total.currency] = rows.get(total.currency, 0) + total.count
    return sorted(rows, key=lambda currency: (-rows[currency], currency))


def _totals(statistics: Statistics) -> Table:
    return Table(
        columns=(_("Currency"), _("Type"), _("Rows"), _("Amount")),
        numeric=(False, False, True, True),
        rows=tuple(
            (
                Cell(total.currency or ""),
                Cell(total.transaction_type or ""),
                Cell(count(total.count)),
                Cell(money(Decimal(total.amount), total.currency or "")),
            )
            for total in statistics.totals
        ),
    )


def _controls(statistics: Statistics) -> Table:
    return Table(
        columns=(
            _("What has to add up"),
            _("Currency"),
            _("Expected"),
            _("Found"),
            _("Difference"),
            _("Result"),
        ),
        numeric=(False, False, True, True, True, False),
        rows=tuple(
            (
                Cell(control.name),
                Cell(control.currency or ""),
                Cell(control.expected),
                Cell(control.actual),
                Cell(control.difference),
                Cell(_RESULTS.get(control.result, control.result)),
            )
            for control in statistics.controls
        ),
    )


def _issue_title(code: str) -> str:
    return _(ISSUES[IssueCode(code)].title) if code in list(IssueCode) else code
