"""Amounts and counts: what is a number, what is told of the rest, and that nothing is rounded."""

from decimal import Decimal

import pytest

from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

DAMAGE = "spreadsheet-damage"

AMOUNTS = {
    "12.50": (),
    "12": (),
    "0": (),
    "0.00": (),
    "-0.00": (),
    "007.50": (),
    "12.5000000": (),
    "99999999999999.99": (),
    "": ("required-value",),
    "   ": ("required-value",),
    "+5": ("type-error",),
    ".5": ("type-error",),
    "5.": ("type-error",),
    "-": ("type-error",),
    ".": ("type-error",),
    "--5": ("type-error",),
    " 5": ("type-error",),
    "5 ": ("type-error",),
    "5 EUR": ("type-error",),
    "$5": ("type-error",),
    "abc": ("type-error",),
    "0x10": ("type-error",),
    "1_000": ("type-error",),
    "NaN": ("type-error",),
    "Infinity": ("type-error",),
    "null": ("type-error",),
    "\\N": ("type-error",),
    "\uff11\uff12": ("type-error",),
    "1.2.3": ("type-error",),
    "1..5": ("type-error",),
    "1.5.": ("type-error",),
    "1..": ("type-error",),
    "1.-5": ("type-error",),
    "1.5\n": ("type-error",),
    "12,50": ("decimal-comma",),
    "-12,5": ("decimal-comma",),
    "1,234.56": ("thousands-separator",),
    "1.234,56": ("thousands-separator",),
    "1 234.56": ("thousands-separator",),
    "1 234,56": ("thousands-separator",),
    "1\u00a0234.56": ("thousands-separator",),
    "1\u202f234,56": ("thousands-separator",),
    "1'234.56": ("thousands-separator",),
    "1\u2019234.56": ("thousands-separator",),
    "1.234.567": ("thousands-separator",),
    "12,345,678": ("thousands-separator",),
    "1.5E+3": ("scientific-notation",),
    "1e3": ("scientific-notation",),
    "-1.5e-3": ("scientific-notation",),
    "100.505": ("too-precise",),
    "0.001": ("too-precise",),
    "12.50000000000000000001": ("too-precise",),
    "-0.01": ("out-of-range",),
    "-5": ("out-of-range",),
    "100000000000000": ("out-of-range",),
    "900000000000000.00": ("out-of-range",),
    "1234567890123456789.00": ("out-of-range",),
    "9" * 60: ("out-of-range",),
    # Both too long and too precise: one fault gives one code.
    "1234567890123456789.001": ("out-of-range",),
}
BY_CURRENCY: dict[str, dict[str, tuple[str, ...]]] = {
    "JPY": {"100": (), "100.00": (), "100.5": ("too-precise",), "100.50": ("too-precise",)},
    "KWD": {"1.234": (), "1.2340": (), "1.2345": ("too-precise",)},
    "CLF": {"1.2345": (), "1.23450000": (), "1.23456": ("too-precise",)},
    "EUR": {"1.23": (), "1.230": (), "1.234": ("too-precise",)},
    # The currency is the fault; the amount is not judged by one that is unknown.
    "XQQ": {"1.2345": ("currency-unknown",)},
}
COUNTS = {
    "0": (),
    "12": (),
    "": (),
    "2.5": ("type-error",),
    "2.0": ("type-error",),
    "+2": ("type-error",),
    "two": ("type-error",),
    " 2": ("type-error",),
    "-1": ("out-of-range",),
    "9223372036854775807": (),
    "9223372036854775808": ("out-of-range",),
    "1,234": ("thousands-separator",),
    "1,5": ("decimal-comma",),
    "1e3": ("scientific-notation",),
}
COSTS = {
    "": (),
    "-0.12345678": (),
    "0.123456789": ("too-precise",),
    "1,5": ("decimal-comma",),
    "x": ("type-error",),
    "9" * 31: ("out-of-range",),
}


async def test_amounts(judge: Judge) -> None:
    assert await judge.codes("amount", list(AMOUNTS)) == AMOUNTS


@pytest.mark.parametrize("currency", BY_CURRENCY)
async def test_the_currency_says_how_many_decimals(judge: Judge, currency: str) -> None:
    expected = BY_CURRENCY[currency]

    assert await judge.codes("amount", list(expected), currency=currency) == expected


async def test_amounts_are_stored_exactly(judge: Judge) -> None:
    texts = [
        "0.1",
        "0.10",
        "007.50",
        "99999999999999.99",
        "-0.00",
        "12.5000000",
        "4503599627370.97",
    ]

    values = await judge.values("amount", texts)

    assert values == {text: Decimal(text) for text in texts}


async def test_whole_numbers(judge: Judge) -> None:
    assert await judge.codes("installment_count", list(COUNTS)) == COUNTS


async def test_amounts_without_a_currency_of_their_own(judge: Judge) -> None:
    assert await judge.codes("installment_cost", list(COSTS)) == COSTS


async def test_a_faulty_optional_number_is_a_warning_and_stored_empty(judge: Judge) -> None:
    rows = [good(1, installment_count="2.5", installment_cost="1,5", coupon_number="x")]

    sheet = await judge.rows(rows)

    assert sheet.verdicts == {1: "good"}
    assert sheet.issues == [
        (1, "warning", "installment_count", "type-error"),
        (1, "warning", "installment_cost", "decimal-comma"),
        (1, "warning", "coupon_number", "type-error"),
    ]
    values = sheet.rows[0].values
    assert [
        values[name] for name in ("installment_count", "installment_cost", "coupon_number")
    ] == [
        None,
        None,
        None,
    ]
    assert "2.5" in sheet.rows[0].cells


async def test_signed_amounts_where_the_dataset_has_them(judge: Judge) -> None:
    texts = {"-12.20": (), "0": (), "-0.12345678": (), "1.123456789": ("too-precise",)}

    assert await judge.codes("settlement_amount", list(texts), "settlements") == texts


async def test_an_order_is_over_more_than_nothing(judge: Judge) -> None:
    texts = {
        "0.01": (),
        "0": ("out-of-range",),
        "0.00": ("out-of-range",),
        "-0.00": ("out-of-range",),
        "-1": ("out-of-range",),
    }

    assert await judge.codes("amount", list(texts), "orders") == texts
