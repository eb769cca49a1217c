"""What a mapping may not say: every fault at once, each at its place."""

import httpx
import pytest

from tests.mappings.test_saved import GOOD, MAPPINGS, saved


def said(answer: httpx.Response) -> set[tuple[str, str]]:
    """Return (pointer, code) of every fault."""
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


BAD: list[tuple[dict[str, object], set[tuple[str, str]]]] = [
    ({"columns": {"A": "nope"}}, {("/columns/A", "unknown-column")}),
    (
        {"columns": {"a/b": "amount", "c~d": "amount"}},
        {("/columns/c~0d", "column-twice")},
    ),
    (
        {"columns": {"Betrag": "amount", " betrag": "currency"}},
        {("/columns/ betrag", "label-twice"), ("/constants/currency", "column-twice")},
    ),
    ({"columns": {"--": "amount"}}, {("/columns/--", "blank-label")}),
    ({"columns": {"CVV": "amount"}}, {("/columns/CVV", "sensitive-column")}),
    ({"columns": {"_issues": "amount"}}, {("/columns/_issues", "reserved-label")}),
    ({"constants": {"nope": "x"}}, {("/constants/nope", "unknown-column")}),
    ({"constants": {"amount": "1"}}, {("/constants/amount", "column-twice")}),
    (
        {"constants": {"created_at": "01.02.2025 10:00"}},
        {("/constants/created_at", "type-error"), ("/dateFormats/created_at", "constant-column")},
    ),
    (
        {"constants": {"currency": "EURO", "timezone": "CET2", "provider_code": ""}},
        {
            ("/constants/currency", "currency-unknown"),
            ("/constants/timezone", "timezone-unknown"),
            ("/constants/provider_code", "required-value"),
        },
    ),
    ({"constants": {"card_last4": "42"}}, {("/constants/card_last4", "pattern-error")}),
    ({"values": {"nope": {"a": "b"}}}, {("/values/nope", "unknown-column")}),
    (
        {"values": {"transaction_type": {"A": "Capture", "B/2": "Dance", "C": "Tango"}}},
        {
            ("/values/transaction_type/B~12", "enum-error"),
            ("/values/transaction_type/C", "enum-error"),
        },
    ),
    ({"values": {"currency": {"Euro": "EUR"}}}, {("/values/currency", "constant-column")}),
    (
        {"dateFormats": {"created_at": "%d.%m.%Y"}},
        {("/dateFormats/created_at/0", "unknown-format")},
    ),
    ({"dateFormats": {"amount": "DD.MM.YYYY"}}, {("/dateFormats/amount", "not-a-time")}),
    ({"zone": "Berlin"}, {("/zone", "unknown-zone")}),
    (
        {"zoneAbbreviations": {"CET": "Berlin"}},
        {
            ("/zoneAbbreviations", "constant-column"),
            ("/zoneAbbreviations/CET", "unknown-zone"),
        },
    ),
    ({"name": "01936000-0000-7000-8000-000000000000"}, {("/name", "looks-like-an-id")}),
    (
        {"constants": {"merchant_reference": "4111 1111 1111 1111"}},
        {("/constants/merchant_reference", "pan-detected")},
    ),
    (
        {"values": {"merchant_reference": {"4111111111111111": "x"}}},
        {("/values/merchant_reference", "pan-detected")},
    ),
    ({"columns": {"4111111111111111": None}}, {("/columns", "pan-detected")}),
    (
        {"values": {"merchant_reference": {str(n) * 40: "y" * 900 for n in range(99)}}},
        {("", "too-long")},
    ),
    (
        {"name": "", "colour": "red", "columns": {"A": 7}, "zone": 5, "dateFormats": {"x": []}},
        {
            ("/name", "string-too-short"),
            ("/colour", "unknown-field"),
            ("/columns/A", "string-type"),
            ("/zone", "string-type"),
            ("/dateFormats/x", "too-short"),
        },
    ),
    ({"name": "a\u0000b"}, {("/name", "string-pattern-mismatch")}),
    (
        {"columns": {"A": "nope", "B": "nope2"}, "zone": "x"},
        {
            ("/columns/A", "unknown-column"),
            ("/columns/B", "unknown-column"),
            ("/zone", "unknown-zone"),
        },
    ),
]


@pytest.mark.parametrize(("changes", "faults"), BAD)
async def test_every_fault_is_told_at_its_place(
    client: httpx.AsyncClient, changes: dict[str, object], faults: set[tuple[str, str]]
) -> None:
    answer = await client.post(MAPPINGS, json={**GOOD, **changes})

    assert said(answer) == faults
    assert "4111" not in answer.text
    assert (await client.get(MAPPINGS)).json()["results"] == []


async def test_a_mapping_stays_with_its_dataset(client: httpx.AsyncClient) -> None:
    made = await saved(client)
    other = {"name": "ERP export", "datasetType": "orders"}

    answer = await client.put(f"{MAPPINGS}/{made['id']}", json=other)

    assert said(answer) == {("/datasetType", "other-dataset")}
