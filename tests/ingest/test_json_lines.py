"""JSON lines: values of every kind become the texts that CSV would have had."""

from decimal import Decimal

import pytest

from server.datasets.issues import IssueCode
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

# Names that the statement uses itself, or that mean something to the engine.
OURS = ["row", "r", "z", "verdict", "skipped", "has_issue", "v_amount", "s_amount", "t", "c0", "c3"]


def record(number: int, **values: object) -> dict[str, object]:
    """Return a good record; values override."""
    return {**good(number), **values}


async def test_numbers_are_read_as_they_are_written(judge: Judge) -> None:
    sheet = await judge.json_lines(
        [record(1, amount=12.5), record(2, amount=7), record(3, amount=12345678901.12)]
    )

    amounts = [row.values["amount"] for row in sheet.rows]
    assert amounts == [Decimal("12.5"), Decimal(7), Decimal("12345678901.12")]


async def test_null_and_absent_are_empty(judge: Judge) -> None:
    bare = record(1)
    del bare["merchant_reference"], bare["timezone"]

    sheet = await judge.json_lines([bare, record(2, merchant_reference=None, amount=None)])

    assert sheet.issues == [(2, "error", "amount", "required-value")]
    assert sheet.rows[0].values["merchant_reference"] == ""


async def test_other_kinds_of_values_are_texts(judge: Judge) -> None:
    values: list[object] = [True, {"a": 1}, [1, 2], "a\nb", 0, ""]

    sheet = await judge.json_lines(
        [record(n, merchant_reference=value) for n, value in enumerate(values)]
    )

    stored = [row.values["merchant_reference"] for row in sheet.rows]
    assert [str(text).replace(" ", "") for text in stored] == [
        "true",
        '{"a":1}',
        "[1,2]",
        "a\nb",
        "0",
        "",
    ]


async def test_the_first_record_is_row_one_and_cells_are_kept(judge: Judge) -> None:
    sheet = await judge.json_lines([record(1, amount="x"), record(2), record(3, amount=1e30)])

    assert sheet.issues[0] == (1, "error", "amount", "type-error")
    assert [row.number for row in sheet.rows] == [1, 2, 3]
    assert "x" in sheet.rows[0].cells


async def test_unknown_keys_are_left_alone(judge: Judge) -> None:
    keys = ["note", "a b", "we`ird", "q'uote", "back\\slash", "Ü", "select"]

    sheet = await judge.json_lines([record(1, **dict.fromkeys(keys, "x"))])

    assert sheet.verdicts == {1: "good"}


@pytest.mark.parametrize("key", OURS)
async def test_a_key_that_is_named_like_our_own_is_left_alone(judge: Judge, key: str) -> None:
    sheet = await judge.json_lines([record(1, **{key: "5"})])

    assert sheet.verdicts == {1: "good"}
    assert sheet.rows[0].values["amount"] == Decimal("12.5")
    assert sheet.rows[0].values["transaction_id"] == "t-1"


# Every code that a record can earn → what is said in it, and whether its row loads.
FAULTS: dict[IssueCode, tuple[dict[str, object], str]] = {
    IssueCode.REQUIRED_VALUE: ({"provider_code": None}, "rejected"),
    IssueCode.TYPE_ERROR: ({"installment_count": 2.5}, "good"),
    IssueCode.DECIMAL_COMMA: ({"amount": "12,50"}, "rejected"),
    IssueCode.THOUSANDS_SEPARATOR: ({"amount": "1,234.50"}, "rejected"),
    IssueCode.SCIENTIFIC_NOTATION: ({"amount": "1.5E+3"}, "rejected"),
    IssueCode.TOO_PRECISE: ({"amount": 12.505}, "rejected"),
    IssueCode.OUT_OF_RANGE: ({"installment_count": -1}, "good"),
    IssueCode.ENUM_ERROR: ({"transaction_type": "Dance"}, "rejected"),
    IssueCode.PATTERN_ERROR: ({"card_last4": 42}, "good"),
    IssueCode.CURRENCY_UNKNOWN: ({"currency": "EURO"}, "rejected"),
    IssueCode.TIMEZONE_UNKNOWN: ({"timezone": "XYZ"}, "rejected"),
    IssueCode.TIME_NONEXISTENT: (
        {"timezone": "Europe/Berlin", "created_at": "2025-03-30 02:30:00"},
        "rejected",
    ),
    IssueCode.TIME_AMBIGUOUS: (
        {"timezone": "Europe/Berlin", "created_at": "2025-10-26 02:30:00"},
        "good",
    ),
    IssueCode.DATE_OUT_OF_RANGE: ({"created_at": "1999-12-31 00:00:00"}, "rejected"),
    IssueCode.ENCODING_ERROR: ({"merchant_reference": "BYTES"}, "good"),
    IssueCode.CONTROL_CHARACTER: ({"merchant_reference": "a\x07b"}, "good"),
    IssueCode.SPREADSHEET_DAMAGE: ({"provider_reference": "1.2302025304E+022"}, "good"),
    IssueCode.PAN_SUSPECTED: ({"provider_reference": 4111111111111111}, "good"),
}
# A record names its cells: none can be missing from its place, or stand beyond the last.
OF_CELLS = {IssueCode.MISSING_CELL, IssueCode.EXTRA_CELL}


async def test_every_code_is_earned_by_a_record_as_by_a_line(judge: Judge) -> None:
    faulty = [record(n, **cells) for n, (cells, _) in enumerate(FAULTS.values())]
    doubled = [record(99, amount=1), record(99, amount=2)]

    sheet = await judge.json_lines([*faulty, *doubled], raw={b"BYTES": b"a\xffb"})

    told = {row.number: (row.codes, row.verdict) for row in sheet.rows}
    wanted = {n: ((code,), verdict) for n, (code, (_, verdict)) in enumerate(FAULTS.items(), 1)}
    doubles = dict.fromkeys(
        range(len(wanted) + 1, len(wanted) + 3), ((IssueCode.AMBIGUOUS_KEY,), "rejected")
    )
    assert told == wanted | doubles
    assert {*FAULTS, IssueCode.AMBIGUOUS_KEY, *OF_CELLS} == set(IssueCode)
