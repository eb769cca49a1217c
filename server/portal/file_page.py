"""Turns one file into its page: banner, key figures, steps, what was found, history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from server.datasets.issues import ISSUES, IssueCode
from server.files.answers import FileAnswer, HistoryEntry, Statistics
from server.insights.cells import time_text
from server.portal.banner import actions_of, banner_of
from server.portal.contexts import FilePage, Shell
from server.portal.figures import clock_time, count, moment_in_words, money, percent, plural, size
from server.portal.file_lines import file_line
from server.portal.parts import (
    Cell,
    Figure,
    HistoryLine,
    IssueLine,
    RejectedRows,
    Table,
    Tone,
)
from server.portal.steps import steps_of
from server.portal.words import cause_in_words, fate_of_rows, sender_in_words

# Two of the row figures and two currencies fit one line; every currency is in the totals' table.
_CURRENCIES_AS_FIGURES = 2

# Enough to see what is wrong; all of them are one click away.
_REJECTED_SHOWN = 8

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def file_page(
    file: FileAnswer,
    *,
    shell: Shell,
    titles: Mapping[str, str],
    history: Sequence[HistoryEntry],
    now: datetime,
) -> FilePage:
    """Return the page of a file."""
    zone = shell.zone
    statistics = file.statistics
    title = titles.get(file.dataset_type, file.dataset_type)
    sent = moment_in_words(file.created_at, now, zone)
    return FilePage(
        shell=shell,
        file=file_line(file, titles=titles, now=now, zone=zone),
        subtitle=f"{title} · {size(file.file.size_bytes)} · sent {sent} "
        f"by {sender_in_words(file.created_by)}",
        banner=banner_of(file, now=now, zone=zone),
        actions=actions_of(file),
        figures=_figures(statistics) if statistics else (),
        steps=steps_of(file, zone),
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
        rejected=_rejected(file),
        header_notes=_header_notes(file),
        facts=_facts(file),
        history=tuple(_history_line(entry, now, zone) for entry in history),
    )


def _rejected(file: FileAnswer) -> RejectedRows | None:
    if file.statistics is None or not file.statistics.rows_rejected:
        return None
    return RejectedRows(
        href=f"{file.links.rejected_rows}?page%5Bsize%5D={_REJECTED_SHOWN}",
        csv_href=file.links.rejected_rows_csv,
        csv_label=f"All {count(file.statistics.rows_rejected)}",
    )


def _figures(statistics: Statistics) -> tuple[Figure, ...]:
    aside, total = statistics.rows_rejected, statistics.rows_total
    share = percent(Decimal(aside) / Decimal(total)) + " of the file" if total else "of no rows"
    figures = [
        Figure("Imported", count(statistics.rows_imported), fate_of_rows(statistics)),
        Figure("Set aside", count(aside), share),
    ]
    for currency in _currencies(statistics)[:_CURRENCIES_AS_FIGURES]:
        rows = [total for total in statistics.totals if total.currency == currency]
        main = rows[0]
        kinds = " · ".join(
            plural(row.count, (row.transaction_type or "row").lower()) for row in rows
        )
        kind = {"capture": "captured", "refund": "refunded"}.get(
            (main.transaction_type or "").lower(), "amount"
        )
        figures.append(Figure(f"{currency} {kind}", money(Decimal(main.amount), currency), kinds))
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
        columns=("Currency", "Type", "Rows", "Amount"),
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
        columns=("Total", "Currency", "Expected", "Found", "Difference"),
        numeric=(False, False, True, True, True),
        rows=tuple(
            (
                Cell(control.name),
                Cell(control.currency or ""),
                Cell(control.expected),
                Cell(control.actual),
                Cell(control.difference),
            )
            for control in statistics.controls
        ),
    )


def _issue_title(code: str) -> str:
    return ISSUES[IssueCode(code)].title if code in list(IssueCode) else code


def _header_notes(file: FileAnswer) -> tuple[tuple[str, str], ...]:
    if file.header is None:
        return ()
    notes = (
        ("Columns missing", file.header.missing),
        ("Columns not known, not loaded", file.header.unknown),
        ("Columns ignored", file.header.ignored),
    )
    return tuple((label, ", ".join(names)) for label, names in notes if names)


def _facts(file: FileAnswer) -> tuple[tuple[str, str], ...]:
    details = file.file
    size_bytes = details.size_bytes
    facts = (
        ("File id", file.id),
        ("Dataset", file.dataset_type),
        ("Type", " · ".join(part for part in (details.type, details.compression) if part)),
        ("Size", f"{count(size_bytes)} bytes" if size_bytes is not None else ""),
        ("Encoding", details.encoding or ""),
        ("Delimiter", _DELIMITERS.get(details.delimiter or "", details.delimiter or "")),
        ("ETag", details.etag or ""),
        ("SHA-256", details.sha256 or ""),
        ("Attempts", count(file.attempt) if file.attempt > 1 else ""),
        *sorted(file.metadata.items()),
    )
    return tuple((label, value) for label, value in facts if value)


def _history_line(entry: HistoryEntry, now: datetime, zone: str) -> HistoryLine:
    day = moment_in_words(entry.at, now, zone).rsplit(" ", 1)[0]
    return HistoryLine(
        at=f"{day} {clock_time(entry.at, zone, with_seconds=True)}",
        at_iso=time_text(entry.at),
        what=cause_in_words(entry.cause),
        who=sender_in_words(entry.actor),
    )
