"""JSON lines: values of every kind become the texts that CSV would have had."""

from decimal import Decimal

import pytest

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
