"""The engine and a judge in plain Python say the same of every row, whatever stands in it."""

import asyncio
from collections.abc import Mapping

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fixtures.ingest import UPLOADED_AT, Judge
from tests.fixtures.rows import good
from tests.ingest.reference import codes_of, is_rejected, judge_id

# Statements cost more than rows: many rows an example, few examples.
ROWS = 80
EXAMPLES = 12

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
# Control characters are judged by a rule of their own.
texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028"), max_size=6
)
words = st.sampled_from(["Capture", "refund", " CAPTURE ", "Refunds", "", " ", "Fee"])
currencies = st.sampled_from(["EUR", "eur", " usd", "JPY", "KWD", "CLF", "", "XXX", "EURO", "€"])
ids = st.one_of(texts, st.sampled_from(["1.23E+22", "1E+5", "12E+5", "1.2e+5", "", " ", "E+"]))

rows = st.fixed_dictionaries(
    {},
    optional={
        "transaction_id": ids,
        "transaction_type": words,
        "created_at": times,
        "timezone": zones,
        "merchant_reference": ids,
        "provider_code": texts,
        "currency": currencies,
        "amount": numbers,
        "card_last4": st.one_of(texts, digits),
        "installment_count": numbers,
    },
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,  # the same rows every day: what is found is found at once, or never
    phases=[Phase.generate],  # the rows that differ are shown alone; shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(drawn=st.lists(rows, min_size=ROWS, max_size=ROWS))
def test_two_judges_agree(judge: Judge, drawn: list[dict[str, str]]) -> None:
    # A key of its own for every row: doubled keys have their own tests.
    sent = [
        good(n, **{"provider_code": "adyen", **cells}, batch_number=str(n), payment_id=f"p{n}")
        for n, cells in enumerate(drawn)
    ]
    for n, cells in enumerate(sent):
        if judge_id(cells["transaction_id"], is_required=True) is None:
            cells["transaction_id"] += f"-{n}"

    sheet = asyncio.run(judge.rows(sent))

    told = [
        (row.verdict, sorted((column, code) for _, column, code in row.issues))
        for row in sheet.rows
    ]
    differing = [
        (cells, said, wanted)
        for cells, said, wanted in zip(sent, told, map(expected, sent), strict=True)
        if said != wanted
    ]
    assert differing == []


def expected(cells: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    """Return the verdict and the (column, code) of each fault."""
    codes = codes_of(cells, UPLOADED_AT)
    return ("rejected" if is_rejected(cells, codes) else "good", sorted(codes.items()))
