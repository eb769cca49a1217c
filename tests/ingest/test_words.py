"""Texts, ids, enums and currencies: what is folded, what is told, what is kept as it is."""

import pytest

from server.datasets.currencies import EXPONENTS
from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

TYPES = {
    "Capture": "Capture",
    "capture": "Capture",
    "CAPTURE": "Capture",
    " Refund ": "Refund",
    "rEFUND": "Refund",
}
CURRENCIES = {
    "EUR": (),
    "eur": (),
    " usd ": (),
    "": ("required-value",),
    "  ": ("required-value",),
    "EURO": ("currency-unknown",),
    "EU": ("currency-unknown",),
    "€": ("currency-unknown",),
    "978": ("currency-unknown",),
    "XQQ": ("currency-unknown",),
    "XXX": ("currency-unknown",),
    "XTS": ("currency-unknown",),
    "XAU": ("currency-unknown",),
}
IDS = {
    "6f1c2a52-8f0e-4a4f-9f5b-0c6d3c1d9e02": (),
    "12302025304": (),
    "0012": (),
    "5E3": (),
    "1E+": (),
    "ABC1.2E+22": (),
    "1.2302025304E+022x": (),
    " t 1": (),
    "": ("required-value",),
    "   ": ("required-value",),
    "1.2302025304E+022": ("spreadsheet-damage",),
    "1.23E+22": ("spreadsheet-damage",),
    "1E+22": ("spreadsheet-damage",),
}
LAST_FOURS = {
    "4242": (),
    "0000": (),
    "": (),
    "42": ("pattern-error",),
    "42420": ("pattern-error",),
    "42a2": ("pattern-error",),
    "4242\n": ("pattern-error",),
    " 4242": ("pattern-error",),
    "4242.0": ("pattern-error",),
    "\uff14\uff12\uff14\uff12": ("pattern-error",),
}


async def test_an_enum_is_compared_without_case_and_stored_as_declared(judge: Judge) -> None:
    assert await judge.values("transaction_type", list(TYPES)) == TYPES


async def test_what_is_not_in_the_list_is_told(judge: Judge) -> None:
    texts = {
        "Dance": ("enum-error",),
        "Captured": ("enum-error",),
        "Cap ture": ("enum-error",),
        "": ("required-value",),
        " ": ("required-value",),
    }

    assert await judge.codes("transaction_type", list(texts)) == texts


async def test_currencies(judge: Judge) -> None:
    assert await judge.codes("currency", list(CURRENCIES)) == CURRENCIES


async def test_a_currency_is_stored_in_capitals(judge: Judge) -> None:
    values = await judge.values("currency", ["eur", " Gbp "])

    assert values == {"eur": "EUR", " Gbp ": "GBP"}


async def test_every_currency_of_the_list_is_taken(judge: Judge) -> None:
    expected: dict[str, tuple[str, ...]] = dict.fromkeys(EXPONENTS, ())

    assert await judge.codes("currency", list(EXPONENTS), amount="100") == expected


async def test_ids(judge: Judge) -> None:
    assert await judge.codes("transaction_id", list(IDS)) == IDS


async def test_damage_in_an_optional_id_is_a_warning_that_empties_it(judge: Judge) -> None:
    sheet = await judge.rows([good(1, provider_reference="1.2302025304E+022")])

    assert sheet.issues == [(1, "warning", "provider_reference", "spreadsheet-damage")]
    assert sheet.rows[0].values["provider_reference"] == ""
    assert "1.2302025304E+022" in sheet.rows[0].cells


async def test_patterns(judge: Judge) -> None:
    assert await judge.codes("card_last4", list(LAST_FOURS)) == LAST_FOURS


@pytest.mark.parametrize("column", ["auth_code", "arn", "rrn"])
async def test_numbers_that_are_texts_keep_their_length(judge: Judge, column: str) -> None:
    sheet = await judge.rows([good(1, "orders", **{column: "12"}), good(2, "orders")], "orders")

    assert sheet.issues == [(1, "warning", column, "pattern-error")]


async def test_texts_are_stored_as_they_were_sent(judge: Judge) -> None:
    texts = [
        'Müller & Søn, "O\'Neil"\nsecond line',
        "  spaces  ",
        "tab\tinside",
        "a\r\nb",
        "back\\slash \\N \\n",
        "'; DROP TABLE x --",
        "=1+1",
        "日本語 🙂",
        "NULL",
        "x" * 10_000,
    ]

    values = await judge.values("merchant_reference", texts)

    assert values == {text: text for text in texts}


async def test_every_fault_of_a_row_is_told_once_in_the_order_of_the_columns(judge: Judge) -> None:
    row = good(
        1,
        transaction_id="",
        transaction_type="Dance",
        currency="EURO",
        amount="12,50",
        card_last4="42",
        batch_number="x",
    )

    sheet = await judge.rows([row])

    assert sheet.verdicts == {1: "rejected"}
    assert sheet.issues == [
        (1, "error", "transaction_id", "required-value"),
        (1, "error", "transaction_type", "enum-error"),
        (1, "error", "currency", "currency-unknown"),
        (1, "error", "amount", "decimal-comma"),
        (1, "warning", "card_last4", "pattern-error"),
        (1, "warning", "batch_number", "type-error"),
    ]


async def test_an_enum_that_is_optional_and_decisive_rejects(judge: Judge) -> None:
    rows = [
        good(1, "settlements", fee_type="Scheme Fee"),
        good(2, "settlements", fee_type=""),
        good(3, "settlements", fee_type="bribe"),
    ]

    sheet = await judge.rows(rows, "settlements")

    assert sheet.issues == [(3, "error", "fee_type", "enum-error")]
    assert sheet.verdicts == {1: "good", 2: "good", 3: "rejected"}
    assert [row.values["fee_type"] for row in sheet.rows[:2]] == ["scheme fee", ""]
