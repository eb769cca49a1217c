"""The first rows set aside, with the cells at fault marked: where to look, and for what."""

from collections import Counter
from collections.abc import Mapping as ByRow
from collections.abc import Sequence

from server.datasets.declaration import Dataset
from server.datasets.header import align
from server.datasets.mapping import Mapping
from server.files.answers import FileAnswer
from server.portal.counts import counted
from server.portal.figures import count
from server.portal.file_parts import RejectedCell, RejectedLine, RejectedReason, RejectedRows
from server.portal.parts import Chip
from server.portal.texts import gettext as _
from server.reports.rows import RowReport

FIRST_ROWS = 100
"""Rows a page holds at most; the download has all of them."""

# As many as stand beside the other cards without pushing them away.
_AT_ONCE = 8
# Beyond it a table is wider than a laptop.
_MOST_COLUMNS = 5


def rejected_rows(
    file: FileAnswer,
    dataset: Dataset | None,
    found: Sequence[RowReport] | None,
    mapping: Mapping | None = None,
    since: ByRow[int, Chip] | None = None,
) -> RejectedRows | None:
    """Return the rows to show; None when there are none.

    Args:
        file: whose rows they are.
        dataset: of the file; None when it is not declared any more.
        found: at most FIRST_ROWS rows; None when they cannot be read now, empty when the reader
            may not see them.
        mapping: what the file was read with; its labels are not the dataset's.
        since: row number → what became of it with a file that repairs it.
    """
    aside = file.statistics.rows_rejected if file.statistics else 0
    csv_href = file.links.rejected_rows_csv
    if not aside or csv_href is None or (found is not None and not found):
        return None
    by_column = _labels(dataset, found, mapping) if dataset is not None and found else {}
    columns = _telling(dataset, found, by_column) if dataset is not None and found else ()
    lines = [
        _line(file, row, columns, by_column, (since or {}).get(row.row_number))
        for row in found or ()
    ]
    note = None
    if not lines:
        note = _("The rows cannot be read at this moment; open the page again, or download them.")
    elif aside > len(lines):
        note = _("The first %(shown)s of %(all)s. The download has all of them.") % {
            "shown": count(len(lines)),
            "all": count(aside),
        }
    return RejectedRows(
        columns=tuple(label for label, _column in columns),
        lines=tuple(lines[:_AT_ONCE]),
        more=tuple(lines[_AT_ONCE:]),
        csv_href=csv_href,
        csv_label=counted("Download it", "Download all %(number)s", aside),
        note=note,
    )


def _labels(
    dataset: Dataset, found: Sequence[RowReport], mapping: Mapping | None
) -> dict[str, str]:
    """Return the label that each of the dataset's columns has in the file."""
    labels = list(dict.fromkeys(label for row in found for label in row.cells))
    meant = zip(labels, align(dataset, labels, mapping).columns, strict=True)
    return {column: label for label, column in meant if column}


def _telling(
    dataset: Dataset, found: Sequence[RowReport], by_column: dict[str, str]
) -> list[tuple[str, str | None]]:
    """Return (label, column) of the cells that tell most: what names the row, then the faults."""
    labels = list(dict.fromkeys(label for row in found for label in row.cells))
    meant = {label: column for column, label in by_column.items()}
    faults = Counter(issue.column for row in found for issue in row.issues if issue.column)
    roles = dataset.roles
    wanted = [
        *dataset.key,
        *(column for column, _times in faults.most_common()),
        *(roles.amount,) * bool(roles.amount),
        roles.currency,
        dataset.event_time,
        *(roles.type,) * bool(roles.type),
    ]
    shown = [by_column[column] for column in dict.fromkeys(wanted) if column in by_column]
    shown += [label for label in labels if label not in shown]
    # Cells beyond the header are what some rows are set aside for.
    extra = [label for label in labels if label.startswith("_extra_")][:1]
    most = _MOST_COLUMNS - len(extra)
    kept = [label for label in shown if label not in extra][:most]
    return [(label, meant.get(label)) for label in [*kept, *extra]]


def _line(
    file: FileAnswer,
    row: RowReport,
    columns: Sequence[tuple[str, str | None]],
    label_of: dict[str, str],
    since: Chip | None,
) -> RejectedLine:
    errors = [issue for issue in row.issues if issue.severity == "error"]
    by_column = {issue.column: issue.message for issue in errors if issue.column}
    shown = {column for _label, column in columns}
    reasons = [
        RejectedReason(
            issue.message,
            row.cells.get(label_of[issue.column])
            if issue.column in label_of.keys() - shown
            else None,
        )
        for issue in errors
    ]
    # A header stands above the rows of a table; JSON lines have none, Parquet has no lines.
    place = ""
    if file.file.type in ("csv", "tsv"):
        place = _("spreadsheet line %(number)s") % {"number": count(row.row_number + 1)}
    elif file.file.type == "jsonl":
        place = _("line %(number)s") % {"number": count(row.row_number)}
    return RejectedLine(
        row=count(row.row_number),
        place=place,
        cells=tuple(
            RejectedCell(row.cells.get(label) or "", by_column.get(column) if column else None)
            for label, column in columns
        ),
        why=tuple(dict.fromkeys(reasons)),
        since=since,
    )
