"""Rows that a provider reports before it knows their payout."""

from decimal import Decimal

import pytest

from tests.fixtures.books import BREAKDOWN_REPORT, FAR_REPORT, Books
from tests.fixtures.reports import (
    FAR,
    FAR_35,
    breakdown,
    report,
)

# Nothing here depends on the kind of database.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("each_database_url", ["sqlite"], indirect=True),
]


LATE = {"Breakdown Type": "Interchange Variable Fee", "Holding Currency Amount": "-0.20"}


def actions(*rows: dict[str, str]) -> str:
    """Return a report of such actions."""
    return report(FAR_35, [FAR | row for row in rows])


async def test_interchange_without_a_payout_is_told_until_its_payout_is_there(books: Books) -> None:
    gross = {"Holding Currency Amount": "100.00"}
    await books.ingested(FAR_REPORT, actions({**LATE, "Payout ID": ""}))
    assert await books.settled() == Decimal("-0.20")

    second = await books.ingested(FAR_REPORT, actions(gross, LATE))
    assert await books.settled() == Decimal("99.80")

    await books.undone(second)
    assert await books.settled() == Decimal("-0.20")


async def test_a_payout_stays_told_when_a_later_report_does_not_know_of_it(books: Books) -> None:
    await books.ingested(FAR_REPORT, actions(LATE))

    await books.ingested(FAR_REPORT, actions({**LATE, "Payout ID": ""}))

    assert await books.settled() == Decimal("-0.20")


async def test_a_newer_report_replaces_what_was_sent_without_a_payout(books: Books) -> None:
    await books.ingested(FAR_REPORT, actions({**LATE, "Payout ID": ""}))
    corrected = {**LATE, "Payout ID": "", "Holding Currency Amount": "-0.25"}

    await books.ingested(FAR_REPORT, actions(corrected))

    assert await books.told() == [("fee", "interchange", Decimal("-0.25"))]


async def test_what_one_report_lists_twice_is_there_twice(books: Books) -> None:
    await books.ingested(FAR_REPORT, actions(LATE, LATE, {**LATE, "Payout ID": ""}))

    assert await books.settled() == Decimal("-0.60")


async def test_another_workspaces_payout_hides_nothing(books: Books, neighbour: Books) -> None:
    await books.ingested(FAR_REPORT, actions({**LATE, "Payout ID": ""}))

    await neighbour.ingested(FAR_REPORT, actions(LATE))

    assert await books.settled() == Decimal("-0.20")


async def test_a_newer_payout_report_replaces_the_whole_payout(books: Books) -> None:
    await books.ingested(FAR_REPORT, actions({"Holding Currency Amount": "100.00"}, LATE))

    file = await books.ingested(FAR_REPORT, actions({"Holding Currency Amount": "90.00"}))

    assert await books.settled() == 90
    assert file.statistics is not None
    assert file.statistics["rowsReplaced"] == 1


async def test_refunds_of_one_payment_do_not_hide_each_other(books: Books) -> None:
    def refund(day: str, amount: str, payout: str) -> str:
        return breakdown(
            **{"Type": "Refund", "Processed On": f"2025-11-{day}T00:00:00.000",
               "Gross In Holding Currency": amount, "Gross In Processing Currency": amount,
               "Net In Holding Currency": amount, "Deduction In Holding Currency": "0",
               "Processing Fee In Holding Currency": "", "Scheme Fee In Holding Currency": "",
               "Interchange In Holding Currency": "", "Payment ID": "pay_1",
               "Payout ID": payout}
        )  # fmt: skip

    await books.ingested(BREAKDOWN_REPORT, refund("04", "-10.00", "PAY1"))
    paid = await books.settled()

    await books.ingested(BREAKDOWN_REPORT, refund("09", "-4.00", ""))

    assert paid == -30
    assert await books.settled() == -42
