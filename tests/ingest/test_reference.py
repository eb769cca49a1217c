"""The engine and a judge in plain Python say the same of every row, whatever stands in it.

Two files a dataset by default; `TALLYDOCK_TEST_JUDGEMENTS=200` draws as many.
"""

import asyncio
import os
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from server.datasets.catalogue import Catalogue
from server.datasets.column import ColumnType
from server.datasets.declaration import Dataset
from server.datasets.movements import Window
from server.datasets.sample import sample_rows
from tests.fixtures.ingest import UPLOADED_AT, Judge
from tests.fixtures.rows import to_csv
from tests.ingest.reference import Cells, codes_of, is_rejected

# Statements cost more than rows: many rows an example, few examples.
ROWS = 100
# The first that Hypothesis draws is always the simplest, with one cell changed: one is none.
EXAMPLES = int(os.environ.get("TALLYDOCK_TEST_JUDGEMENTS", "2"))
QUICK = ("transactions", "adyen_settlement_details")

digits = st.text("0123456789", min_size=1, max_size=6)
numbers = st.one_of(
    st.decimals(0, 10**6, places=2).map(str),
    st.decimals(-100, 10**15, places=3).map(str),
    st.builds("{}{}{}{}{}".format, st.sampled_from(["", "-", "+"]), digits,
              st.sampled_from([".", ",", " ", "'", "e", "E+", "", ".."]), digits,
              st.sampled_from(["", ".5", ",50", " ", "000"])),
    st.text("0123456789.,-+eE '\u00a0x", max_size=8),
)  # fmt: skip
zones = st.sampled_from(
    ["", "", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
     "Africa/Casablanca", "Pacific/Apia", "Mars/Olympus", "CEST", " "]
)  # fmt: skip
# The hours around changes of the clock in those zones, and the edges of what is taken.
days = st.sampled_from(
    ["2025-03-30", "2025-10-26", "2025-03-09", "2025-11-02", "2025-04-06", "2025-10-05",
     "2011-12-30", "2000-01-01", "1999-12-31", "2026-01-12", "2026-01-13", "2025-02-29",
     "2024-02-29", "2025-13-01", "2025-06-31", "1969-12-31", "2120-01-01"]
)  # fmt: skip
clock = st.builds(
    "{:02d}:{:02d}:{:02d}".format, st.integers(0, 25), st.integers(0, 60), st.integers(0, 60)
)
offsets = st.sampled_from(["", "", "", "Z", "z", "+02:00", "-0530", "+24:00", "+1", " UTC"])
times = st.one_of(
    st.datetimes().map(str),
    st.builds("{}{}{}{}{}".format, days, st.sampled_from([" ", "T", "t", "  "]), clock,
              st.sampled_from(["", "", ".5", ".1234567", ".", ",5"]), offsets),
    st.builds("{} {:02d}:{:02d}".format, days, st.integers(0, 3), st.integers(0, 59)),
    days,
    st.text("0123456789-:T Z+.", max_size=20),
)  # fmt: skip
# Bytes that are not UTF-8 are written as lone surrogates, as Python's own files are read.
texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=6),
    st.text(
        st.sampled_from("ab \n\r\t,;\"'\x00\x07\x0b\x1f\x7f\x85\u2028\ufffd\udcff\udcc3"),
        max_size=4,
    ),
)
words = st.sampled_from(
    ["Capture", "refund", " CAPTURE ", "Refunds", "", " ", "Fee", "true", "No", "DE", "uk", " gb"]
)
currencies = st.sampled_from(["EUR", "eur", " usd", "JPY", "KWD", "CLF", "", "XXX", "EURO", "€"])
ids = st.one_of(
    texts,
    digits,
    st.sampled_from(["1.23E+22", "1,5e+07", "1E+5", "12E+5", "1.2e+5", "1e5", "", " ", "E+"]),
)
DRAWN = {
    ColumnType.TEXT: st.one_of(texts, digits),
    ColumnType.ID: ids,
    ColumnType.ENUM: words,
    ColumnType.COUNTRY: words,
    ColumnType.BOOLEAN: words,
    ColumnType.CURRENCY: currencies,
    ColumnType.DECIMAL: numbers,
    ColumnType.INTEGER: numbers,
    ColumnType.DATETIME: times,
    ColumnType.DATE: times,
    ColumnType.ZONE: zones,
}


def spoilt(dataset: Dataset, bases: Sequence[Cells]) -> st.SearchStrategy[list[Cells]]:
    """Draw the rows with some of their cells replaced: one or two a row."""
    places = st.integers(0, len(bases) - 1)
    cells = st.one_of(
        *(
            st.tuples(places, st.just(column.name), st.one_of(DRAWN[column.type], texts))
            for column in dataset.columns
        )
    )
    count = len(bases) * 3 // 2
    return st.lists(cells, min_size=count, max_size=count).map(
        lambda changes: [
            {**base, **{name: text for place, name, text in changes if place == number}}
            for number, base in enumerate(bases)
        ]
    )


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in Catalogue.built_in().names()
    ],
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # the same rows every day: what is found is found at once, or never
    phases=[Phase.generate],  # the rows that differ are shown alone; shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_two_judges_agree(judge: Judge, data: st.DataObject, name: str) -> None:
    dataset = Catalogue.built_in().get(name)
    assert dataset is not None
    window = Window.last_days(90, UPLOADED_AT)
    labels = [column.name for column in dataset.columns]
    made = sample_rows(dataset, rows=ROWS, seed=1, window=window)
    sent = data.draw(spoilt(dataset, [dict(zip(labels, row, strict=True)) for row in made]))

    sheet = asyncio.run(judge.text(to_csv(sent).encode("utf-8", "surrogateescape"), name))

    # Rows of one key have their own tests: a copy is not staged, an ambiguous row says only that.
    told = {
        row.number: (row.verdict, sorted((column, code) for _, column, code in row.issues))
        for row in sheet.rows
        if row.codes != ("ambiguous-key",)
    }
    differing = [
        (cells, told[number], expected(dataset, cells))
        for number, cells in enumerate(sent, start=1)
        if number in told and told[number] != expected(dataset, cells)
    ]
    assert differing == []
    assert len(told) > ROWS // 2


def expected(dataset: Dataset, cells: Cells) -> tuple[str, list[tuple[str, str]]]:
    """Return the verdict and the (column, code) of each fault."""
    codes = codes_of(dataset, cells, UPLOADED_AT)
    return ("rejected" if is_rejected(dataset, cells, codes) else "good", sorted(codes.items()))
