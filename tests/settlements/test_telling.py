"""Provider reports from upload to view: told as settlements, to the last digit."""

from decimal import Decimal

import pytest

from tests.fixtures.books import ADYEN_REPORT, BREAKDOWN_REPORT, FAR_REPORT, Books, controls_of
from tests.fixtures.reports import (
    ADYEN,
    ADYEN_49,
    ADYEN_64,
    ADYEN_BATCH,
    FAR,
    FAR_35,
    adyen_batch,
    breakdown,
    far_payout,
    report,
)

# Nothing here depends on the kind of database.
pytestmark = pytest.mark.parametrize("each_database_url", ["sqlite"], indirect=True)


async def test_a_batch_is_told_with_a_row_for_every_fee(books: Books) -> None:
    file = await books.ingested(ADYEN_REPORT, adyen_batch(ADYEN_49))

    assert file.outcome == "imported", file.failure
    assert await books.told() == [
        ("capture", "", Decimal(40)),
        ("capture", "", Decimal(100)),
        ("chargeback", "", Decimal(-40)),
        ("fee", "interchange", Decimal("-0.70")),
        ("fee", "processing fee", Decimal(-15)),
        ("fee", "processing fee", Decimal("-2.69")),
        ("fee", "processing fee", Decimal("-0.80")),
        ("fee", "processing fee", Decimal("-0.10")),
        ("fee", "psp add-on", Decimal("-0.50")),
        ("fee", "scheme fee", Decimal("-0.21")),
        ("payout", "", Decimal(-75)),
        ("refund", "", Decimal(-10)),
        ("transfer", "", Decimal(5)),
    ]


async def test_the_rows_that_tell_of_a_row_add_up_to_its_net_exactly(books: Books) -> None:
    file = await books.ingested(ADYEN_REPORT, adyen_batch())

    database = books.shop.analytics.database
    found = await books.shop.analytics.query(
        "SELECT count() AS rows, countIf(nets.net != sums.net) AS off FROM"
        " (SELECT _row, ifNull(net_credit_nc, 0) - ifNull(net_debit_nc, 0) AS net"
        f" FROM {database}.{ADYEN_REPORT}_current WHERE _file = {{file:UUID}}) AS nets INNER JOIN"
        f" (SELECT _row, sum(settlement_amount) AS net FROM {database}.settlements_canonical"
        " WHERE _file = {file:UUID} GROUP BY _row) AS sums USING (_row)",
        parameters={"file": str(file.file_id)},
        comment="test",
    )
    assert found.one() == {"rows": 7, "off": 0}


async def test_a_row_keeps_its_raw_type_and_its_references(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())

    first, *fees, payout = await books.rows(
        "_row, _part, toString(raw_type), provider_payment_reference,"
        " provider_transaction_reference, merchant_reference, payout_reference,"
        " toString(transaction_currency), transaction_amount",
        where="_row IN (1, 7)",
    )

    assert first == (
        1, 0, "Settled", "PSP1", "MOD1", "order-1", "7", "EUR", Decimal(100),
    )  # fmt: skip
    assert [row[:4] for row in fees] == [(1, part, "Settled", "PSP1") for part in (2, 3, 4)]
    assert payout[2:4] == ("MerchantPayout", "")


async def test_actions_are_told_by_what_they_are_part_of(books: Books) -> None:
    await books.ingested(FAR_REPORT, far_payout())

    assert await books.told() == [
        ("capture", "", Decimal(100)),
        ("fee", "interchange", Decimal("-0.20")),
        ("fee", "processing fee", Decimal("-0.05")),
        ("fee", "psp add-on", Decimal("-0.30")),
        ("fee", "scheme fee", Decimal("-0.02")),
        ("fee", "scheme fee", Decimal("-0.02")),
        ("fee", "tax", Decimal("-0.01")),
        ("payout", "", Decimal("-89.40")),
        ("refund", "", Decimal(-10)),
    ]


@pytest.mark.parametrize(
    ("kind", "amount", "canonical"),
    [
        ("Chargeback (ADJM)", "-10.00", "chargeback"),
        ("Chargeback (CBRV)", "10.00", "chargeback reversal"),
        ("Chargeback", "10.00", "chargeback reversal"),
        ("PARTIAL CAPTURE", "10.00", "capture"),
        ("Rolling Reserve Release", "10.00", "adjustment"),
        ("Something New", "10.00", "other"),
    ],
)
async def test_the_direction_comes_from_the_amount(
    books: Books, kind: str, amount: str, canonical: str
) -> None:
    cells = {"Breakdown Type": kind, "Holding Currency Amount": amount}

    await books.ingested(FAR_REPORT, report(FAR_35, [FAR | cells]))

    assert await books.told() == [(canonical, "", Decimal(amount))]


async def test_what_is_called_settled_may_be_a_debit(books: Books) -> None:
    rows = [
        ADYEN | {"Gross Debit (GC)": "10.00", "Net Debit (NC)": "10.00"},
        ADYEN_BATCH | {"Type": "BankInstructionReturned", "Net Credit (NC)": "10.00"},
    ]

    await books.ingested(ADYEN_REPORT, report(ADYEN_49, rows))

    assert await books.told() == [
        ("capture", "", Decimal(-10)),
        ("payout returned", "", Decimal(10)),
    ]


async def test_a_breakdown_that_is_only_fees_tells_of_no_movement(books: Books) -> None:
    await books.ingested(BREAKDOWN_REPORT, breakdown())

    assert await books.told() == [
        ("capture", "", Decimal(100)),
        ("fee", "interchange", Decimal("-0.20")),
        ("fee", "processing fee", Decimal("-0.36")),
        ("fee", "processing fee", Decimal("-0.05")),
        ("fee", "scheme fee", Decimal("-0.04")),
        ("refund", "", Decimal(-10)),
    ]


async def test_a_full_card_number_in_the_masked_column_ends_the_file(books: Books) -> None:
    rows = [ADYEN | {"Card Number": "4111111111111111"}]

    file = await books.ingested(ADYEN_REPORT, report(ADYEN_64, rows))

    assert file.failure is not None
    assert file.failure["code"] == "pan-detected"
    assert await books.told() == []


async def test_a_batch_that_does_not_net_to_zero_does_not_load(books: Books) -> None:
    lines = adyen_batch().splitlines(keepends=True)

    file = await books.ingested(ADYEN_REPORT, "".join(lines[:2] + lines[3:]))

    assert file.failure is not None
    assert file.failure["code"] == "control-total-mismatch"
    assert controls_of(file)[0] == {
        "name": "Batch nets to zero",
        "currency": "EUR",
        "expected": "0.00",
        "actual": "-39.20",
        "difference": "-39.20",
        "result": "failed",
    }
    assert file.statistics is not None
    assert file.statistics["rowsWithheld"] == 6
    assert await books.told() == []


async def test_a_control_that_only_warns_lets_the_file_load(books: Books) -> None:
    lines = far_payout().splitlines(keepends=True)

    file = await books.ingested(FAR_REPORT, "".join([lines[0], *lines[2:]]))

    assert file.outcome == "imported"
    assert [control["result"] for control in controls_of(file)] == ["warning"]


async def test_a_dry_run_tells_the_controls_too(books: Books) -> None:
    file = await books.ingested(ADYEN_REPORT, adyen_batch(), dryRun=True)

    assert file.outcome == "dry_run"
    assert [control["result"] for control in controls_of(file)] == ["ok", "ok", "ok"]
