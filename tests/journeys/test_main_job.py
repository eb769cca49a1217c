"""The main job: ask for a URL, PUT with curl, see the right numbers on the dashboard."""

from decimal import Decimal
from pathlib import Path

from tests.fixtures.client import Client, counts_of, curl_put, sums_of, totals_of
from tests.fixtures.rows import ORDER, SETTLEMENT, to_csv
from tests.journeys.payments import Payments


def test_five_thousand_rows_from_curl_to_the_dashboard(
    client: Client, payments: Payments, tmp_path: Path
) -> None:
    rows, data = payments.file(5000)
    path = tmp_path / "testprovider_transactions_2025-01-01.csv"
    path.write_bytes(data)
    file_id, url = client.ask(path.name)

    assert curl_put(url, path) == 200
    file = client.ended(file_id)

    assert (file.status, file.stage, file.outcome) == ("Completed", "completed", "imported")
    assert counts_of(file) == {"total": 5000, "imported": 5000, "inserted": 5000}
    assert totals_of(file) == sums_of(rows)
    assert client.shown(payments.provider) == sums_of(rows)
    assert file.file.size_bytes == len(data)
    assert (file.file.encoding, file.file.delimiter, file.file.compression) == ("utf-8", ",", None)
    assert file.issues == []


def test_the_panels_agree_with_each_other_and_with_the_rows(
    client: Client, payments: Payments
) -> None:
    rows, data = payments.file(300, currency="EUR", transaction_type="Capture")
    client.send(data)

    by_month = client.panel("volume-over-time", provider=payments.provider)

    months = sorted({row["created_at"][:7] for row in rows})
    assert [row["bucket"][:7] for row in by_month] == months
    for shown in by_month:
        month = [row for row in rows if row["created_at"].startswith(shown["bucket"][:7])]
        ((count, amount),) = sums_of(month).values()
        assert (int(shown["captures"]), shown["capturedAmount"]) == (count, f"{amount:.2f}")


def test_the_first_and_last_event_are_instants(client: Client, payments: Payments) -> None:
    rows = [
        payments.row(created_at="2025-03-01 00:00:00", timezone="Europe/Berlin"),
        payments.row(created_at="2025-03-02T00:00:00.25-05:00"),
    ]
    file = client.send(to_csv(rows))

    stats = client.http.get(f"/analytics/files/{file.id}").json()["statistics"]

    assert stats["firstEventAt"] in ("2025-02-28T23:00:00Z", "2025-02-28T23:00:00.000Z")
    assert stats["lastEventAt"] in ("2025-03-02T05:00:00.250Z", "2025-03-02T05:00:00.250000Z")


def test_all_three_datasets_load(client: Client, payments: Payments) -> None:
    order = {name: cell.format(payments.provider) for name, cell in ORDER.items()}
    settlement = {name: cell.format(payments.provider) for name, cell in SETTLEMENT.items()}

    orders = client.send(to_csv([order]), dataset="orders")
    settlements = client.send(to_csv([settlement, settlement]), dataset="settlements")

    assert counts_of(orders) == {"total": 1, "imported": 1, "inserted": 1}
    assert counts_of(settlements) == {"total": 2, "imported": 2, "inserted": 2}
    assert totals_of(settlements) == {("EUR", "capture"): (2, Decimal("24.40"))}


def test_a_newer_row_takes_the_older_ones_place(client: Client, payments: Payments) -> None:
    rows, data = payments.file(50, currency="EUR", transaction_type="Capture")
    client.send(data)
    corrected = [
        {**row, "amount": "1.00", "created_at": "2024-06-01 00:00:00"} for row in rows[:20]
    ]
    new = payments.rows(5, currency="EUR", transaction_type="Capture")

    file = client.send(to_csv(corrected + new))

    assert counts_of(file) == {"total": 25, "imported": 25, "inserted": 5, "replaced": 20}
    assert client.shown(payments.provider) == sums_of(rows[20:] + corrected + new)


def test_the_same_bytes_again_change_nothing(client: Client, payments: Payments) -> None:
    rows, data = payments.file(30)
    first = client.send(data)

    again = client.send(data, "other-name.csv")

    assert (again.status, again.outcome) == ("Completed", "duplicate")
    assert again.duplicate_of == first.id
    assert counts_of(again) == {"total": 30, "duplicate": 30}
    assert client.shown(payments.provider) == sums_of(rows)
