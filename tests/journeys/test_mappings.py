"""A team's own export, sent as it is: read with a saved mapping, told of in its own words."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from tests.fixtures.client import FILES, Client, counts_of, failure_of, read_csv
from tests.journeys.parquet import parquet
from tests.journeys.payments import Payments

LABELS = "Vorgang;Art;Datum;Zone;W\u00e4hrung;Betrag;Notiz"
SHEET_LABELS = [*LABELS.split(";"), "_file_id", "_row_number", "_issues"]


def saved(client: Client, provider: str, **changes: object) -> dict[str, object]:
    """Save a mapping of the export, for a provider of its own; return it."""
    body = {
        "name": f"export {uuid4().hex}",
        "datasetType": "transactions",
        "columns": {
            "Vorgang": "transaction_id",
            "Art": "transaction_type",
            "Datum": "created_at",
            "Zone": "timezone",
            "W\u00e4hrung": "currency",
            "Betrag": "amount",
        },
        "constants": {"provider_code": provider},
        "values": {"transaction_type": {"Einzug": "Capture", "Erstattung": "Refund"}},
        "dateFormats": {"created_at": "DD.MM.YYYY HH:mm"},
        "zone": "Europe/Berlin",
        "zoneAbbreviations": {"CET": "Europe/Berlin", "BST": "Europe/London"},
        **changes,
    }
    answer = client.http.post("/analytics/mappings", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


def export(*lines: str) -> str:
    """Return the export of those lines."""
    return "\r\n".join([LABELS, *lines, ""])


def test_an_export_is_loaded_in_our_words(client: Client, payments: Payments) -> None:
    mapping = saved(client, payments.provider)
    text = export(
        "1;Einzug;31.12.2024 23:30;CET;EUR;10.00;a",
        "2;Erstattung;01.07.2025 00:30;BST;eur;2.50;",
        "3;Einzug;01.07.2025 00:30;;USD;1.00;'b'",
    )

    file = client.send(text, mapping=mapping["name"])

    assert counts_of(file) == {"total": 3, "imported": 3, "inserted": 3}
    assert client.shown(payments.provider) == {
        ("EUR", "Capture"): (1, Decimal("10.00")),
        ("EUR", "Refund"): (1, Decimal("2.50")),
        ("USD", "Capture"): (1, Decimal("1.00")),
    }
    assert file.mapping is not None
    assert (file.mapping.id, file.mapping.version) == (mapping["id"], 1)
    assert file.options == {"mapping": mapping["name"]}
    assert file.header is not None
    assert file.header.unknown == ["Notiz"]
    assert file.statistics is not None
    assert file.statistics.first_event_at == datetime(2024, 12, 31, 22, 30, tzinfo=UTC)
    assert file.statistics.last_event_at == datetime(2025, 6, 30, 23, 30, tzinfo=UTC)


def test_what_was_rejected_comes_back_in_the_exports_own_words(
    client: Client, payments: Payments
) -> None:
    mapping = saved(client, payments.provider)
    bad = "1;Tanz;30.02.2025 10:00;XYZ;EUR;1,50;=x"
    first = client.send(
        export(bad, "2;Einzug;01.02.2025 10:00;CET;EUR;1.00;b"),
        mapping=mapping["id"],
        maxRejectedRatio=1,
    )
    # Another version since: the repair is read as its rows were.
    client.http.put(
        f"/analytics/mappings/{mapping['id']}",
        json={"name": mapping["name"], "datasetType": "transactions"},
    )

    (row,) = client.rejected(first).json()["results"]
    sheet = read_csv(client.sheet(first).text)
    repaired = (
        ",".join(SHEET_LABELS)
        + "\n"
        + ",".join(
            ["1", "Erstattung", "28.02.2025 10:00", "CET", "EUR", "1.50", "'=x", first.id, "1", ""]
        )
    )
    again = client.send(repaired)

    assert row["cells"] == dict(zip(LABELS.split(";"), bad.split(";"), strict=True))
    assert {(issue["column"], issue["code"]) for issue in row["issues"]} == {
        ("transaction_type", "enum-error"),
        ("created_at", "type-error"),
        ("timezone", "timezone-unknown"),
        ("amount", "decimal-comma"),
    }
    assert list(sheet[0]) == SHEET_LABELS
    assert (sheet[0]["Art"], sheet[0]["Notiz"]) == ("Tanz", "'=x")
    assert counts_of(again) == {"total": 1, "imported": 1, "inserted": 1}
    assert again.repair_of == first.id
    assert again.mapping == first.mapping
    assert client.shown(payments.provider)["EUR", "Refund"] == (1, Decimal("1.50"))


def test_a_named_repair_is_read_with_the_mapping_of_what_it_repairs(
    client: Client, payments: Payments
) -> None:
    mapping = saved(client, payments.provider)
    first = client.send(
        export("1;Tanz;01.02.2025 10:00;CET;EUR;1.00;"), mapping=mapping["id"], maxRejectedRatio=1
    )

    again = client.send(export("1;Einzug;01.02.2025 10:00;CET;EUR;1.00;"), repairOf=first.id)

    assert counts_of(again) == {"total": 1, "imported": 1, "inserted": 1}
    assert again.mapping == first.mapping


def test_a_file_is_judged_by_the_version_it_was_asked_for_with(
    client: Client, payments: Payments
) -> None:
    mapping = saved(client, payments.provider)
    url = f"/analytics/mappings/{mapping['id']}"
    file_id, put_url = client.ask(options={"mapping": mapping["id"]})
    changed = {"name": mapping["name"], "datasetType": "transactions", "columns": {}}
    assert client.http.put(url, json=changed).json()["version"] == 2
    assert client.http.delete(url).status_code == 204

    client.put(put_url, export("1;Einzug;01.02.2025 10:00;CET;EUR;1.00;").encode())
    file = client.ended(file_id)
    client.http.post(f"{FILES}/{file_id}/reprocess")
    again = client.ended(file_id)

    assert (file.status, again.status) == ("Completed", "Completed")
    assert counts_of(file) == {"total": 1, "imported": 1, "inserted": 1}
    assert again.mapping is not None
    assert again.mapping.version == 1


def test_the_same_bytes_in_other_words_are_no_duplicate(client: Client, payments: Payments) -> None:
    wrong = saved(client, payments.provider, zone="Asia/Tokyo")
    right = saved(client, payments.provider)
    text = export("1;Einzug;01.02.2025 10:00;;EUR;1.00;")

    first = client.send(text, mapping=wrong["name"])
    corrected = client.send(text, mapping=right["name"])
    repeated = client.send(text, mapping=right["name"])

    assert (first.outcome, corrected.outcome) == ("imported", "imported")
    assert counts_of(corrected) == {"total": 1, "imported": 1, "replaced": 1}
    assert (repeated.outcome, repeated.duplicate_of) == ("duplicate", corrected.id)


def test_a_mapping_can_be_tried_on_a_file_that_failed(client: Client, payments: Payments) -> None:
    mapping = saved(client, payments.provider)
    failed = client.send(export("1;Einzug;01.02.2025 10:00;CET;EUR;1.00;", "2;x;;;;;"))

    answer = client.http.post(
        f"/analytics/mappings/{mapping['id']}/try", json={"fileId": failed.id}
    )

    assert failed.status == "Failed"
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert (told["rowsGood"], told["rowsRejected"], told["isWhole"]) == (1, 1, True)
    assert told["rows"][0]["values"]["created_at"] == "2025-02-01T09:00:00.000Z"


def test_json_lines_are_read_with_a_mapping(client: Client, payments: Payments) -> None:
    mapping = saved(client, payments.provider)
    line = (
        '{"Vorgang": 1, "Art": "Einzug", "Datum": "01.02.2025 10:00", "Zone": "CET",'
        ' "W\u00e4hrung": "EUR", "Betrag": 1.5}'
    )

    file = client.send(line, "a.jsonl", mapping=mapping["name"])

    assert counts_of(file) == {"total": 1, "imported": 1, "inserted": 1}
    assert client.shown(payments.provider) == {("EUR", "Capture"): (1, Decimal("1.5"))}


def test_parquet_is_tried_and_read_with_a_mapping(client: Client, payments: Payments) -> None:
    mapping = saved(client, payments.provider)
    # A year of payments, and one row that the mapping does not make good.
    data = parquet(
        "SELECT number AS Vorgang, if(number = 1, 'Tanz', 'Einzug') AS Art,"
        " formatDateTime(toDateTime('2025-01-01 10:00:00', 'UTC') + number, '%d.%m.%Y %H:%i')"
        " AS Datum, 'CET' AS Zone, 'EUR' AS `W\u00e4hrung`,"
        " toDecimal64(1.5, 2) AS Betrag, [number] AS Notiz FROM numbers(600)"
    )

    file = client.send(data, "a.parquet", mapping=mapping["id"])
    answer = client.http.post(f"/analytics/mappings/{mapping['id']}/try", json={"fileId": file.id})

    assert counts_of(file) == {"total": 600, "imported": 599, "inserted": 599, "rejected": 1}
    assert client.rows(file.id) == {2: ["transaction_type:enum-error"]}
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert (told["failure"], told["isWhole"]) == (None, False)
    assert (told["rowsGood"], told["rowsRejected"]) == (499, 1)
    assert told["header"]["unknown"] == ["Notiz"]
    first, second, *_ = told["rows"]
    assert (first["rowNumber"], first["cells"]["Art"]) == (1, "Einzug")
    assert first["values"]["created_at"] == "2025-01-01T09:00:00.000Z"
    assert first["values"]["transaction_type"] == "Capture"
    assert (second["rowNumber"], second["verdict"]) == (2, "rejected")


def test_parquet_that_is_none_is_no_sample(client: Client, payments: Payments) -> None:
    mapping = saved(client, payments.provider)
    file = client.send(b"PAR1 and no more", "a.parquet")

    answer = client.http.post(f"/analytics/mappings/{mapping['id']}/try", json={"fileId": file.id})

    assert answer.json()["failure"]["code"] == failure_of(file) == "structure-error"


def test_card_numbers_are_found_in_the_cells_as_they_were_sent(
    client: Client, payments: Payments
) -> None:
    words = {"merchant_reference": {"4111x": "other"}}
    columns = {"Vorgang": "transaction_id", "Notiz": "merchant_reference"}
    mapping = saved(
        client,
        payments.provider,
        columns=columns,
        values=words,
        constants={
            "provider_code": payments.provider,
            "transaction_type": "Capture",
            "currency": "EUR",
            "amount": "1.00",
        },
        zoneAbbreviations={},
        dateFormats={},
    )

    file = client.send(
        "Vorgang,Notiz,created_at\n1,4111111111111111,2025-01-01\n", mapping=mapping["id"]
    )

    assert file.failure is not None
    assert file.failure["code"] == "pan-detected"
