"""A mapping tried on a sample: judged as a file would be, and nothing kept."""

import httpx
import pytest

from server.mappings.schemas import MAX_SAMPLE_BYTES
from tests.fixtures.reports import ADYEN, ADYEN_30, report
from tests.mappings.test_faults import said
from tests.mappings.test_saved import GOOD, MAPPINGS, saved

TEXT = (
    "Vorgang;Art;Datum;Betrag;created_at;Notiz\n"
    "1;Einzug;x;12.50;31.12.2024 10:30;a\n"
    "2;Tanz;x;12,50;31.12.2024 10:30;b\n"
    "\n"
    '3;Einzug;x;1.00;31.02.2025 10:30;"c;\n d"\n'
)


async def tried(client: httpx.AsyncClient, text: str, **asked: object) -> dict[str, object]:
    body = {"mapping": GOOD, "text": text, **asked}
    answer = await client.post(f"{MAPPINGS}/try", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


async def test_a_saved_mapping_is_tried_on_a_text(client: httpx.AsyncClient) -> None:
    made = await saved(client)

    answer = await client.post(f"{MAPPINGS}/{made['id']}/try", json={"text": TEXT})

    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert told["failure"] is None
    assert (told["delimiter"], told["isWhole"]) == (";", True)
    assert {item["label"]: item["column"] for item in told["header"]["labels"]} == {
        "Vorgang": "transaction_id",
        "Art": "transaction_type",
        "Datum": None,
        "Betrag": "amount",
        "created_at": "created_at",
        "Notiz": None,
    }
    assert told["header"]["unknown"] == ["Datum", "Notiz"]
    counts = [told[f"rows{kind}"] for kind in ("Judged", "Good", "Rejected", "Skipped")]
    assert counts == [3, 1, 2, 1]
    rows = told["rows"]
    assert [(row["rowNumber"], row["verdict"]) for row in rows] == [
        (1, "good"),
        (2, "rejected"),
        (3, "skipped"),
        (4, "rejected"),
    ]
    assert rows[0]["cells"]["created_at"] == "31.12.2024 10:30"
    assert rows[0]["values"]["created_at"] == "2024-12-31T09:30:00.000Z"
    assert rows[0]["values"]["transaction_type"] == "Capture"
    assert rows[0]["values"]["provider_code"] == "adyen"
    assert rows[0]["values"]["batch_number"] is None
    assert rows[1]["values"] is None
    assert [issue["code"] for issue in rows[1]["issues"]] == ["enum-error", "decimal-comma"]
    assert rows[3]["cells"]["Notiz"] == "c;\n d"
    assert {(i["column"], i["code"], i["count"], i["firstRowNumber"]) for i in told["issues"]} == {
        ("transaction_type", "enum-error", 1, 2),
        ("amount", "decimal-comma", 1, 2),
        ("created_at", "type-error", 1, 4),
    }


async def test_json_lines_are_tried_too(client: httpx.AsyncClient) -> None:
    text = (
        '{"Vorgang": "1", "Art": "Einzug", "Betrag": 12.5, "created_at": "31.12.2024 10:30"}\n'
        " \n"
        '{"Vorgang": "2", "Art": null, "Betrag": "x", "created_at": "31.12.2024 10:30"}\n'
    )

    told = await tried(client, text, type="jsonl")

    rows = told["rows"]
    assert isinstance(rows, list)
    assert [(row["rowNumber"], row["verdict"]) for row in rows] == [
        (1, "good"),
        (2, "skipped"),
        (3, "rejected"),
    ]
    assert told["rowsSkipped"] == 1
    assert rows[0]["values"]["amount"] == "12.5000"
    assert [issue["code"] for issue in rows[2]["issues"]] == ["required-value", "type-error"]


async def test_a_providers_report_is_tried_with_what_an_account_means_by_its_zones(
    client: httpx.AsyncClient,
) -> None:
    row = ADYEN | {"TimeZone": "CST", "Net Credit (NC)": "1.00"}
    mapping = {
        "name": "Adyen, account NorthwindUS",
        "datasetType": "adyen_settlement_details",
        "zoneAbbreviations": {"CST": "America/Chicago"},
    }

    told = await tried(client, report(ADYEN_30, [row]), mapping=mapping)

    rows = told["rows"]
    assert isinstance(rows, list)
    (shown,) = rows
    assert (told["rowsGood"], shown["cells"]["TimeZone"]) == (1, "CST")
    assert shown["values"]["creation_date"] == "2025-11-03T16:30:00.000Z"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a;b\n1;2\n", "header-missing"),
        ("Vorgang;Art\n1;2\n", "header-mismatch"),
        ("Betrag;Betrag;Art;Vorgang;created_at\n", "header-duplicate"),
        ("Betrag;cvv\n", "sensitive-column"),
        ("\n\n", "header-missing"),
        ("%PDF-1.7", "not-text"),
        ("a\u0000b", "not-text"),
        (TEXT + "4;Einzug;4111111111111111;1;31.12.2024 10:30;\n", "pan-detected"),
        ('Vorgang;Art;Betrag;created_at\n1;"a "b" c";1;2\n', "structure-error"),
    ],
)
async def test_a_sample_that_would_fail_tells_why(
    client: httpx.AsyncClient, text: str, code: str
) -> None:
    told = await tried(client, text)

    failure = told["failure"]
    assert isinstance(failure, dict)
    assert failure["code"] == code
    assert told["rows"] == []
    assert "4111" not in str(told)


async def test_as_many_rows_are_shown_as_asked_for(client: httpx.AsyncClient) -> None:
    lines = [f"{n};Einzug;1.00;31.12.2024 10:30" for n in range(1, 501)]

    told = await tried(client, "\n".join(["Vorgang;Art;Betrag;created_at", *lines]), rows=3)

    rows = told["rows"]
    assert isinstance(rows, list)
    assert [row["rowNumber"] for row in rows] == [1, 2, 3]
    assert told["rowsGood"] == 500


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("/text", "required")}),
        ({"text": "a", "fileId": "b"}, {("/text", "required")}),
        ({"text": "\u00e4" * MAX_SAMPLE_BYTES}, {("/text", "too-long")}),
        ({"text": "a" * (MAX_SAMPLE_BYTES + 1)}, {("/text", "string-too-long")}),
        ({"text": "a", "rows": 101}, {("/rows", "less-than-equal")}),
        ({"text": "a", "type": "parquet"}, {("/type", "literal-error")}),
    ],
)
async def test_a_sample_of_another_form_is_refused(
    client: httpx.AsyncClient, body: dict[str, object], faults: set[tuple[str, str]]
) -> None:
    answer = await client.post(f"{MAPPINGS}/try", json={"mapping": GOOD, **body})

    assert said(answer) == faults


async def test_an_unsaved_mapping_is_checked_first(client: httpx.AsyncClient) -> None:
    mapping = {**GOOD, "columns": {"A": "nope"}, "zone": "x"}

    answer = await client.post(f"{MAPPINGS}/try", json={"mapping": mapping, "text": TEXT})

    assert said(answer) == {
        ("/mapping/columns/A", "unknown-column"),
        ("/mapping/zone", "unknown-zone"),
    }


async def test_a_file_that_is_not_there_cannot_be_tried(client: httpx.AsyncClient) -> None:
    body = {"datasetType": "transactions", "file": {"name": "a.csv", "type": "csv"}}
    pending = (await client.post("/analytics/files/upload", json=body)).json()["id"]

    for file_id, status in (
        ("01936000-0000-7000-8000-000000000000", 404),
        ("x", 404),
        (pending, 409),
    ):
        answer = await client.post(f"{MAPPINGS}/try", json={"mapping": GOOD, "fileId": file_id})
        assert answer.status_code == status
