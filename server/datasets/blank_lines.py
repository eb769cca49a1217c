"""Blank lines among JSON lines: they are no rows, and keep their number, as those of CSV do.

ClickHouse's reader passes over them and numbers what it read. Where a file has some, their places
are written to a list first (`worker/ingest/json_lines.py`), and every record's number is moved on
by the blank lines that stand before it.
"""

from server.datasets.declaration import Dataset
from server.datasets.tables import ASIDE_PARTITION, SKIPPED

LIST_COLUMNS, LIST_ORDER = "records UInt64, blanks UInt64", "records"
"""What the list holds: behind so many records, so many lines of the file have been blank."""

# What ClickHouse's reader skips between records and a line can hold; and the mark that a file may
# begin with.
_WHITE_SPACE = " \\t\\r\\f\\v\\xEF\\xBB\\xBF"
IS_BLANK = f"empty(trimBoth(line, '{_WHITE_SPACE}'))"
"""The condition of a blank line."""


def list_statement(lines: str, target: str) -> str:
    """Return the INSERT … SELECT of a file's blank lines, one row for all that stand together.

    Args:
        lines: the table expression of the file's lines, with `_row_number`, 0-based.
        target: a list of LIST_COLUMNS.
    """
    numbered = (
        "SELECT _row_number AS place, row_number() OVER (ORDER BY _row_number) AS blank"
        f" FROM {lines} WHERE {IS_BLANK}"
    )
    return (
        f"INSERT INTO {target} SELECT toUInt64(place + 1 - blank) AS records, max(blank)"
        f" FROM ({numbered}) GROUP BY records"
    )


def among_lines(records: str, blanks: str) -> str:
    """Return the table expression of the records, numbered as lines of the file.

    Args:
        records: with `_row_number`, 0-based, which does not count blank lines.
        blanks: the list of them.
    """
    # ASOF: of the places that are not behind the record, the nearest.
    return (
        "(SELECT r.* EXCEPT (_row_number, number, side), r.number + b.blanks AS _row_number"
        f" FROM (SELECT *, toUInt64(assumeNotNull(_row_number)) AS number, 0 AS side"
        f" FROM {records}) AS r"
        f" ASOF LEFT JOIN (SELECT 0 AS side, records, blanks FROM {blanks}) AS b"
        " ON r.side = b.side AND r.number >= b.records)"
    )


def skipped_statement(dataset: Dataset, lines: str, target: str) -> str:
    """Return the INSERT … SELECT that stages a file's blank lines as skipped rows.

    Args:
        dataset: whose rows the others are.
        lines: the table expression of the file's lines, with `_row_number`, 0-based.
        target: the staging table, with its database.
    """
    told = {
        dataset.event_time: f"toDateTime64('{ASIDE_PARTITION[:4]}-01-01 00:00:00', 6, 'UTC')",
        "_workspace": "{workspace:String}",
        "_file": "toUUID({file:String})",
        "_attempt": "{attempt:UInt32}",
        "_row": "_row_number + 1",
        "_uploaded_at": "{uploaded_at:DateTime64(6, 'UTC')}",
        "_verdict": str(SKIPPED),
    }
    return (
        f"INSERT INTO {target} ({', '.join(told)}) SELECT {', '.join(told.values())}"
        f" FROM {lines} WHERE {IS_BLANK}"
    )
