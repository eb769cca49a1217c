"""How values leave the house: exact text, and CSV that a spreadsheet may open."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from server.insights.cells import decimal_text, time_text, to_csv, to_rows
from server.insights.panel import Column, ColumnType, Unit


@pytest.mark.parametrize(
    ("value", "least_digits", "text"),
    [
        ("100.0000", 2, "100.00"),
        ("0.1000", 2, "0.10"),
        ("7.0001", 2, "7.0001"),
        ("-0.0000", 2, "0.00"),
        ("99999999999999999999999999.0100", 2, "99999999999999999999999999.01"),
        ("0.029100", 0, "0.0291"),
        ("1E+3", 0, "1000"),
    ],
)
def test_decimals_are_exact_text(value: str, least_digits: int, text: str) -> None:
    assert decimal_text(Decimal(value), least_digits=least_digits) == text


def test_naive_times_are_utc() -> None:
    assert time_text(datetime(2026, 3, 28, 23, 30)) == "2026-03-28T23:30:00Z"  # noqa: DTZ001
    assert time_text(datetime(2026, 3, 28, 23, 30, tzinfo=UTC)) == "2026-03-28T23:30:00Z"


def test_rows_keep_the_columns_order() -> None:
    columns = (
        Column("bucket", ColumnType.DATE),
        Column("rows", ColumnType.INTEGER, Unit.ROWS),
        Column("amount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("rate", ColumnType.DECIMAL, Unit.RATIO),
    )

    rows = to_rows(columns, [(date(2026, 1, 1), 3, Decimal("1.5"), None)])

    assert rows == (("2026-01-01", 3, "1.50", None),)


@pytest.mark.parametrize(
    ("currency", "text"), [("EUR", "1200.00"), ("JPY", "1200"), ("KWD", "1200.000")]
)
def test_money_is_shown_with_the_digits_of_its_currency(currency: str, text: str) -> None:
    columns = (
        Column("currency", ColumnType.STRING),
        Column("amount", ColumnType.DECIMAL, Unit.CURRENCY),
    )

    assert to_rows(columns, [(currency, Decimal("1200.0000"))]) == ((currency, text),)


def test_csv_runs_nothing_in_a_spreadsheet() -> None:
    columns = (Column("name", ColumnType.STRING), Column("amount", ColumnType.DECIMAL))

    text = to_csv(columns, [("=1+1", "-5.00"), ('@a,"b', "+3"), ("-x", None), ("\tz", "1")])

    assert text.splitlines() == [
        "name,amount",
        "'=1+1,-5.00",
        '"\'@a,""b",+3',
        "'-x,",
        "'\tz,1",
    ]
