"""Rows: what is one, which number it has, and what is told of one that is cut wrongly."""

from decimal import Decimal
from itertools import product

import pytest

from server.datasets.formulas import as_meant, harmless
from server.datasets.layout import OVERFLOW_COLUMNS
from server.datasets.mapping import Mapping
from server.datasets.sql import array
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good, to_csv

HEADER = "transaction_id,transaction_type,created_at,provider_code,currency,amount"
LARGE = 300_000
# Beside the edges: around the borders of the chunks that are read at once.
FAULTY = (1, 2, 65_536, 65_537, 150_000, 299_999, 300_000)


def line(number: int, **cells: str) -> str:
    """Return a good record of the required columns; cells override."""
    row = good(number, **cells)
    return ",".join(row[name] for name in HEADER.split(","))


def text(*lines: str) -> str:
    """Return a file of the required columns."""
    return "\n".join([HEADER, *lines, ""])


async def test_a_short_row_misses_cells_and_tells_nothing_else(judge: Judge) -> None:
    sheet = await judge.text(
        text(line(1), "t-2,Dance,never", line(3).rpartition(",")[0], "t-4"), "transactions"
    )

    assert sheet.issues == [(n, "error", "", "missing-cell") for n in (2, 3, 4)]
    assert sheet.rows[1].cells == ["t-2", "Dance", "never", "", "", ""]


async def test_content_beyond_the_header_is_told_and_kept(judge: Judge) -> None:
    sheet = await judge.text(text(line(1) + ",surplus", line(2) + ",,,far"), "transactions")

    assert sheet.issues == [(n, "error", "", "extra-cell") for n in (1, 2)]
    assert sheet.rows[0].cells[6] == "surplus"
    assert sheet.rows[1].cells[6:9] == ["", "", "far"]


async def test_empty_cells_beyond_the_header_are_nothing(judge: Judge) -> None:
    sheet = await judge.text(text(line(1) + ",", line(2) + "," * OVERFLOW_COLUMNS), "transactions")

    assert sheet.verdicts == {1: "good", 2: "good"}


async def test_blank_lines_and_repeated_headers_are_skipped_but_numbered(judge: Judge) -> None:
    sheet = await judge.text(
        text(line(1), "", line(3), HEADER, line(5, amount="x"), "", ""), "transactions"
    )

    assert [number for number, verdict in sheet.verdicts.items() if verdict == "good"] == [1, 3]
    assert sheet.issues == [(5, "error", "amount", "type-error")]
    assert sheet.verdict.rows_total == 3
    assert sheet.verdict.rows_skipped >= 2


async def test_a_row_that_begins_like_the_header_is_a_row(judge: Judge) -> None:
    sheet = await judge.text(text(line(1, transaction_id="transaction_id")), "transactions")

    assert sheet.verdicts == {1: "good"}


async def test_an_empty_first_cell_is_no_blank_line(judge: Judge) -> None:
    sheet = await judge.text(text(line(1, transaction_id="")), "transactions")

    assert sheet.issues == [(1, "error", "transaction_id", "required-value")]


async def test_cells_of_warned_and_rejected_rows_are_kept_as_sent(judge: Judge) -> None:
    rows = [
        good(1),
        good(2, amount="1,5", merchant_reference='a "b",\nc'),
        good(3, card_last4="42", merchant_reference=" x "),
    ]

    sheet = await judge.rows(rows)

    assert [row.cells for row in sheet.rows] == [[], list(rows[1].values()), list(rows[2].values())]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_delimiters_and_newlines(judge: Judge, delimiter: str, newline: str) -> None:
    rows = [good(1), good(2, amount="abc"), good(3, merchant_reference="a\nb;c|d\te,f")]
    data = to_csv(rows, delimiter=delimiter, newline=newline).removesuffix(newline)

    sheet = await judge.text(data, "transactions", delimiter=delimiter)

    assert sheet.issues == [(2, "error", "amount", "type-error")]
    assert sheet.rows[2].values["merchant_reference"] == "a\nb;c|d\te,f"
    assert sheet.rows[2].values["coupon_number"] is None


async def test_columns_in_another_order_and_unknown_ones(judge: Judge) -> None:
    row = good(1, amount="7.25")
    turned = {"note": "n", **dict(reversed(row.items())), "": "blank label"}

    sheet = await judge.rows([turned])

    assert sheet.verdicts == {1: "good"}
    assert sheet.rows[0].values["amount"] == Decimal("7.25")
    assert sheet.rows[0].values["transaction_id"] == "t-1"


async def test_an_absent_optional_column_is_empty(judge: Judge) -> None:
    sheet = await judge.text(text(line(1)), "transactions")

    values = sheet.rows[0].values
    assert values["merchant_reference"] == ""
    assert values["installment_count"] is None


async def test_every_row_faulty(judge: Judge) -> None:
    sheet = await judge.text(text(*(line(n, amount="x") for n in range(1, 101))), "transactions")

    assert sheet.issues == [(n, "error", "amount", "type-error") for n in range(1, 101)]
    assert sheet.verdict.rows_good == 0
    assert sheet.verdict.issues[0]["count"] == 100
    assert sheet.verdict.issues[0]["firstRowNumber"] == 1


async def test_row_numbers_are_exact_across_chunks(judge: Judge) -> None:
    lines = [HEADER.replace("provider_code", "merchant_reference,provider_code")]
    plain = "t-{0},Capture,2025-06-01 10:30:00,order-{0},adyen,EUR,12.50"
    broken = plain.replace("order-{0}", '"order ""{0}"",\n\nsecond, line"')
    faulty = plain.replace("12.50", "abc")
    for number in range(1, LARGE + 1):
        form = faulty if number in FAULTY else broken if number % 1000 == 3 else plain
        lines.append(form.format(number))
    data = "\n".join(lines).encode()

    async with judge.staged(data, "transactions", min_chunk_bytes_for_parallel_parsing=2**20) as (
        attempt,
        doubled,
    ):
        found = await attempt.query(
            "SELECT count() AS total, countIf(transaction_id != concat('t-', toString(_row))) AS"
            " misnumbered, groupArrayIf(_row, _verdict = 1) AS rejected,"
            f" countIf(position(merchant_reference, '\\n') > 0) AS broken FROM {attempt.staged}"
        )

    told = found.one()
    assert sorted(told.pop("rejected")) == list(FAULTY)  # type: ignore[call-overload]  # a list
    assert told == {"total": LARGE, "misnumbered": 0, "broken": LARGE // 1000}
    assert doubled.duplicates == 0


async def test_what_the_sheet_of_rejected_rows_marks_is_read_back_as_it_was(judge: Judge) -> None:
    cells = ["".join(signs) for n in range(5) for signs in product("'=-5\t\uff1dx", repeat=n)]
    sent = [harmless(cell) for cell in cells]

    asked = f"SELECT {as_meant('cell')} FROM (SELECT arrayJoin({array(sent)}) AS cell)"
    found = await judge.analytics.query(asked, comment="test")

    assert [cell for (cell,) in found.rows] == cells
    assert not [cell for cell in sent if cell[:1] in ("=", "\t", "\uff1d")]


async def test_a_repaired_sheet_means_the_cells_that_were_sent(judge: Judge) -> None:
    cells = {"=1": "'=1", "'=1": "''=1", "-5.00": "-5.00", "'5": "'5", "\uff1dx": "'\uff1dx"}
    ours = {"_file_id": "x", "_row_number": "1", "_issues": ""}
    rows = [{**good(n, merchant_reference=cell), **ours} for n, cell in enumerate(cells.values())]
    rows.append({**good(9, merchant_reference="''=1", amount="x"), **ours})
    spelled = to_csv(rows).replace("merchant_reference", "'=Ref", 1)
    mapping = Mapping(columns={"=Ref": "merchant_reference"})

    sheet = await judge.text(spelled, "transactions", mapping=mapping)

    *good_rows, rejected = sheet.rows
    assert [row.values["merchant_reference"] for row in good_rows] == list(cells)
    # What is set aside once more is kept as it was meant, and marked anew in the next sheet.
    assert "'=1" in rejected.cells
