"""Totals that were announced stand beside what came out, and fail the file where they differ."""

from decimal import Decimal

from server.files.answers import FileAnswer
from tests.fixtures.client import Client, counts_of, failure_of
from tests.journeys.payments import Payments, Row


def announced(rows: list[Row]) -> list[dict[str, object]]:
    """Return the totals of the rows, as a request announces them."""
    currencies = sorted({row["currency"] for row in rows})
    amounts = {
        currency: [Decimal(row["amount"]) for row in rows if row["currency"] == currency]
        for currency in currencies
    }
    return [
        {"currency": currency, "count": len(found), "amount": str(sum(found))}
        for currency, found in amounts.items()
    ]


def shown(file: FileAnswer) -> list[tuple[str, str | None, str, str]]:
    """Return (name, currency, difference, result) of the file's controls."""
    assert file.statistics is not None
    return [(c.name, c.currency, c.difference, c.result) for c in file.statistics.controls]


def test_totals_that_come_out_are_shown(client: Client, payments: Payments) -> None:
    rows, data = payments.file(30)
    totals = announced(rows)

    file = client.send(data, expectedTotals=totals)

    assert counts_of(file)["imported"] == 30
    assert shown(file) == [
        (name, total["currency"], zero, "ok")
        for total in totals
        for name, zero in (("expected rows", "0"), ("expected amount", "0.00"))
    ]


def test_totals_that_do_not_come_out_fail_the_file_and_say_by_how_much(
    client: Client, payments: Payments
) -> None:
    rows, data = payments.file(9, currency="EUR", amount="10.50")
    rows[8] = payments.row(currency="JPY", amount="7")
    data = data.rsplit(b"\n", 2)[0] + b"\n" + ",".join(rows[8].values()).encode()

    file = client.send(data, expectedTotals=[{"currency": "EUR", "count": 9, "amount": "94.5"}])

    assert failure_of(file) == "control-total-mismatch"
    assert counts_of(file) == {"total": 9, "withheld": 9}
    assert shown(file) == [
        ("expected rows", "EUR", "-1", "failed"),
        ("expected amount", "EUR", "-10.50", "failed"),
        ("expected rows", "JPY", "1", "failed"),
        ("expected amount", "JPY", "7.00", "failed"),
    ]
    assert file.failure is not None
    assert "8 rows over 84.00 would load, 9 over 94.50 were announced" in str(
        file.failure["detail"]
    )
    assert client.shown(payments.provider) == {}
