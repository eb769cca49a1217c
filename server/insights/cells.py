"""How a value of a panel leaves the house: as a JSON cell, and as a cell of a CSV download."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from server.datasets.currencies import EXPONENTS
from server.insights.panel import Column, Unit

Cell = str | int | None

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def to_rows(
    columns: Sequence[Column], values: Iterable[Sequence[object]]
) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows of an answer: decimals and times as text, counts as integers."""
    names = [column.name for column in columns]
    currency_at = names.index("currency") if "currency" in names else None
    rows = []
    for row in values:
        code = "" if currency_at is None else str(row[currency_at])
        digits = [
            EXPONENTS.get(code, 2) if column.unit is Unit.CURRENCY else 0 for column in columns
        ]
        rows.append(tuple(_cell(value, least) for value, least in zip(row, digits, strict=True)))
    return tuple(rows)


def _cell(value: object, least_digits: int) -> Cell:
    match value:
        case None:
            return None
        case Decimal():
            return decimal_text(value, least_digits=least_digits)
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case bool() | UUID() | str():
            return str(value)
        case int():
            return value
        case _:
            message = f"a panel cannot show a {type(value).__name__}"
            raise TypeError(message)


def decimal_text(value: Decimal, *, least_digits: int = 0) -> str:
    """Return the number exactly, without an exponent and without idle zeros after the point.

    Args:
        value: any finite decimal.
        least_digits: digits after the point that are kept even when they are zeros.
    """
    whole, _, fraction = f"{value:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least_digits, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return text.removeprefix("-") if not value else text


def time_text(value: datetime) -> str:
    """Return RFC 3339 in UTC; ClickHouse's naive times are UTC by the tables' declaration."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def to_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> str:
    """Return the rows as CSV (RFC 4180) that a spreadsheet opens without running anything."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
    return text.getvalue()


def _safe(cell: Cell) -> str | int:
    """Put a ' before what a spreadsheet would take for a formula; numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r") and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
