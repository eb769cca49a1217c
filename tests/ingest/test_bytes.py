"""Bytes that are no text, and characters that no text has: told by cell, wherever they stand."""

import pytest

from tests.fixtures.ingest import Judge, Judged
from tests.fixtures.rows import good, to_csv

ODD = {
    "merchant_reference": ("warning", "good"),
    "transaction_id": ("error", "rejected"),
    "provider_code": ("error", "rejected"),
    "card_last4": ("warning", "good"),
    "currency": ("error", "rejected"),
    "amount": ("error", "rejected"),
    "created_at": ("error", "rejected"),
    "transaction_type": ("error", "rejected"),
    "installment_count": ("warning", "good"),
    "timezone": ("error", "rejected"),
}


NOT_UTF8 = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf5\x80\x80\x80")
CONTROLS = (b"\x00", b"\x01", b"\x0b", b"\x1f", b"\x7f")


async def judged(judge: Judge, *, quoted: bool) -> list[tuple[str, bytes, Judged]]:
    """Judge a row for each column and each odd sequence of bytes, put into that column's cell."""
    puts = [(column, put) for column in ODD for put in (*NOT_UTF8, *CONTROLS)]
    rows = [good(n, **{column: f"MARK{n};"}) for n, (column, _) in enumerate(puts)]
    data = to_csv([*rows, good(-1, payment_id='"quoted"' if quoted else "")]).encode()
    for n, (_, put) in enumerate(puts):
        data = data.replace(b"MARK%d;" % n, b"a%b-%d" % (put, n))
    *odd, last = (await judge.text(data, "transactions")).rows
    assert (last.verdict, last.issues) == ("good", ())
    return [(column, put, row) for (column, put), row in zip(puts, odd, strict=True)]


@pytest.mark.parametrize("quoted", [False, True], ids=["by lines", "by the reader"])
async def test_bytes_that_are_no_text_are_told_by_cell(judge: Judge, *, quoted: bool) -> None:
    for column, put, row in await judged(judge, quoted=quoted):
        code = "encoding-error" if put in NOT_UTF8 else "control-character"
        severity, verdict = ODD[column]
        assert (row.verdict, row.issues) == (verdict, ((severity, column, code),)), put


async def test_a_warned_cell_is_emptied_and_kept_beside(judge: Judge) -> None:
    (row,) = (await judge.rows([good(1, merchant_reference="a\x07b")])).rows

    assert (row.verdict, row.values["merchant_reference"]) == ("good", "")
    assert "a\x07b" in row.cells


async def test_a_zone_that_nobody_needs_only_warns(judge: Judge) -> None:
    sheet = await judge.rows([good(1, timezone="\x07", created_at="2025-06-01T10:30:00Z")])

    assert sheet.issues == [(1, "warning", "timezone", "control-character")]


async def test_other_characters_are_fine(judge: Judge) -> None:
    texts = ["a\nb", "a\r\nb", "a\tb", "Ünï\u00a0\u200b𝄞", "\ufeff", "\x85"]

    assert await judge.codes("merchant_reference", texts) == dict.fromkeys(texts, ())


async def test_a_column_that_is_not_loaded_may_hold_anything(judge: Judge) -> None:
    rows = [{**good(1), "note": "MARK"}, {**good(2, amount="x"), "note": "MARK"}]
    data = to_csv(rows).encode().replace(b"MARK", b"\xff\x01")

    sheet = await judge.text(data, "transactions")

    assert sheet.issues == [(2, "error", "amount", "type-error")]


async def test_json_lines_tell_escaped_control_characters(judge: Judge) -> None:
    sheet = await judge.json_lines(
        [{**good(1), "merchant_reference": "a\x00b"}, {**good(2), "transaction_id": "\x1b"}]
    )

    assert sheet.issues == [
        (1, "warning", "merchant_reference", "control-character"),
        (2, "error", "transaction_id", "control-character"),
    ]
