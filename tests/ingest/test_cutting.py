"""The two ways to cut a file into cells: wherever both can, they say the same."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from server.datasets.layout import OVERFLOW_STEPS, Layout
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

HEADER = "transaction_id,transaction_type,created_at,provider_code,currency,amount"
GOOD_LINE = ",".join(good(7)[name] for name in HEADER.split(","))

pieces = st.sampled_from(
    ["", " ", "x", "'", "\\", "\\N", "\t", ";", "é", "𝄞", "1.00", "EUR", "Capture", "=1", "\x00"]
)
cells = st.lists(pieces, max_size=3).map("".join)
lines = st.one_of(
    st.lists(cells, max_size=9).map(",".join),
    st.just(GOOD_LINE),
    st.just(GOOD_LINE + ","),
    st.just(GOOD_LINE + "," * 20 + "far"),
    st.just(" \t" + GOOD_LINE),
    st.just(HEADER),
    st.just(""),
)


@settings(
    max_examples=15,
    deadline=None,
    # An example costs a second; to shrink one takes minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(
    records=["\tx,1.00", " ,,", " ", " \t", GOOD_LINE + " "],
    end="\r\n",
    delimiter=",",
    is_ended=False,
)
@given(
    records=st.lists(lines, min_size=1, max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    is_ended=st.booleans(),
)
@pytest.mark.slow
async def test_by_lines_and_by_the_reader_a_file_is_the_same(
    judge: Judge, records: list[str], end: str, delimiter: str, *, is_ended: bool
) -> None:
    text = end.join([HEADER, *records]) + (end if is_ended else "")
    text = text.replace(",", delimiter)

    by_lines, by_reader = [
        await judge.text(text, "transactions", delimiter=delimiter, is_by_lines=way)
        for way in (True, False)
    ]

    assert by_lines.issues == by_reader.issues
    assert [row.values for row in by_lines.rows] == [row.values for row in by_reader.rows]
    assert [row.cells for row in by_lines.rows] == [row.cells for row in by_reader.rows]
    assert by_lines.verdict.rows_total == by_reader.verdict.rows_total


async def test_windows_ends_of_lines_are_no_part_of_the_last_cell(judge: Judge) -> None:
    sheet = await judge.text(f"{HEADER}\r\n{GOOD_LINE}\r\n", "transactions")

    assert sheet.verdicts == {1: "good"}


async def test_a_quote_sends_the_file_to_the_reader(judge: Judge) -> None:
    quoted = GOOD_LINE.replace("EUR", '"EUR"')
    text = f"{HEADER}\n{GOOD_LINE.replace('t-7', 't-1')}\n{quoted}\n"

    sheet = await judge.text(text, "transactions", is_by_lines=True)

    assert set(sheet.verdicts.values()) == {"good"}


def test_the_ways_end_with_one_that_reads_whatever_it_meets() -> None:
    layout = Layout("CSV", ("a",), ("a",), is_by_lines=True)

    assert [(way.is_by_lines, way.overflow) for way in layout.ways] == [
        (True, OVERFLOW_STEPS[-1]),
        *((False, step) for step in OVERFLOW_STEPS),
    ]
    assert replace(layout, is_by_lines=False).ways == layout.ways[1:]
