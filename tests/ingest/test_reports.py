"""Provider reports: judged as sent, told as settlements, and added up."""

import csv
import io
from decimal import Decimal

import pytest

from server.datasets.catalogue import Catalogue
from server.datasets.header import align
from server.datasets.movements import Window
from server.datasets.sample import sample_csv
from tests.fixtures.ingest import UPLOADED_AT, Judge
from tests.fixtures.reports import (
    ADYEN,
    ADYEN_30,
    ADYEN_49,
    ADYEN_64,
    ADYEN_BATCH,
    BREAKDOWN,
    BREAKDOWN_23,
    FAR,
    FAR_35,
    FAR_36,
    adyen_batch,
    breakdown,
    far_payout,
    report,
)
from worker.ingest.verdict import Verdict

ADYEN_REPORT = "adyen_settlement_details"
FAR_REPORT = "checkout_financial_actions"
BREAKDOWN_REPORT = "checkout_settlement_breakdown"


async def verdict_of(judge: Judge, dataset: str, text: str) -> Verdict:
    """Return the verdict on a report whose rows are all good."""
    sheet = await judge.text(text, dataset)
    assert sheet.issues == []
    return sheet.verdict


def controls_of(verdict: Verdict) -> dict[str, tuple[str | None, str, str]]:
    """Return each control's currency, difference and result, by name."""
    return {
        checked.name: (checked.currency, f"{checked.actual - checked.expected:f}", checked.result)
        for checked in verdict.controls
    }


@pytest.mark.parametrize(
    ("dataset", "header"),
    [
        (ADYEN_REPORT, ADYEN_30),
        (ADYEN_REPORT, ADYEN_49),
        (ADYEN_REPORT, ADYEN_64),
        (FAR_REPORT, FAR_35),
        (FAR_REPORT, FAR_36),
        (BREAKDOWN_REPORT, BREAKDOWN_23),
    ],
)
def test_every_column_of_every_layout_is_known(dataset: str, header: list[str]) -> None:
    declared = Catalogue.built_in().get(dataset)
    assert declared is not None

    alignment = align(declared, header)

    assert alignment.unknown == ()
    assert alignment.missing_required == ()
    assert len(alignment.matched) == len(header)


async def test_columns_whose_cells_may_be_empty_may_not_be_missing() -> None:
    declared = Catalogue.built_in().get(ADYEN_REPORT)
    assert declared is not None

    without = [label for label in ADYEN_30 if label != "Net Debit (NC)"]

    assert align(declared, without).missing_required == ("net_debit_nc",)


@pytest.mark.parametrize("header", [ADYEN_30, ADYEN_49, ADYEN_64])
async def test_an_adyen_batch_adds_up(judge: Judge, header: list[str]) -> None:
    verdict = await verdict_of(judge, ADYEN_REPORT, adyen_batch(header))

    assert controls_of(verdict) == {
        "Batch nets to zero": ("EUR", "0.00000000", "ok"),
        "One batch number": (None, "0.00000000", "ok"),
        "Rows whose net is not gross times rate less fees": (None, "0.00000000", "ok"),
    }


async def test_the_totals_of_a_report_are_its_nets_by_canonical_type(judge: Judge) -> None:
    verdict = await verdict_of(judge, ADYEN_REPORT, adyen_batch())

    assert {
        (total.currency, total.transaction_type, total.count, total.amount)
        for total in verdict.totals
    } == {
        ("EUR", "capture", 2, Decimal("137.79")),
        ("EUR", "refund", 1, Decimal("-10.10")),
        ("EUR", "chargeback", 1, Decimal("-55")),
        ("EUR", "fee", 1, Decimal("-2.69")),
        ("EUR", "transfer", 1, Decimal(5)),
        ("EUR", "payout", 1, Decimal(-75)),
    }


async def test_a_batch_that_lost_a_row_does_not_add_up(judge: Judge) -> None:
    lines = adyen_batch().splitlines(keepends=True)

    verdict = await verdict_of(judge, ADYEN_REPORT, "".join(lines[:2] + lines[3:]))

    found = controls_of(verdict)
    assert found["Batch nets to zero"] == ("EUR", "-39.20000000", "failed")


async def test_every_currency_of_a_batch_nets_by_itself(judge: Judge) -> None:
    yen = {"Net Currency": "JPY", "Gross Currency": "JPY"}
    rows = [
        ADYEN | {"Gross Credit (GC)": "10.00", "Net Credit (NC)": "10.00"},
        ADYEN_BATCH | {"Type": "MerchantPayout", "Net Debit (NC)": "10.00"},
        ADYEN | yen | {"Gross Credit (GC)": "1000", "Net Credit (NC)": "1000"},
        ADYEN_BATCH | {"Net Currency": "JPY", "Type": "MerchantPayout", "Net Debit (NC)": "999"},
    ]

    verdict = await verdict_of(judge, ADYEN_REPORT, report(ADYEN_30, rows))

    nets = [c for c in verdict.controls if c.name == "Batch nets to zero"]
    assert [(c.currency, c.actual, c.result) for c in nets] == [
        ("EUR", Decimal(0), "ok"),
        ("JPY", Decimal(1), "failed"),
    ]


async def test_two_batches_in_one_file_are_told(judge: Judge) -> None:
    other = adyen_batch(**{"Batch Number": "8"}).split("\n", 1)[1]

    verdict = await verdict_of(judge, ADYEN_REPORT, adyen_batch() + other)

    assert controls_of(verdict)["One batch number"] == (None, "1.00000000", "failed")


@pytest.mark.parametrize(
    ("cells", "is_off"),
    [
        # 20.00 times the rate less 0.36, rounded to the cent
        ({"Gross Credit (GC)": "20.00", "Exchange Rate": "0.8969440000000001",
          "Gross Currency": "USD", "Net Credit (NC)": "17.58", "Commission (NC)": "0.36"}, False),
        ({"Gross Credit (GC)": "20.00", "Exchange Rate": "0.8969440000000001",
          "Gross Currency": "USD", "Net Credit (NC)": "17.60", "Commission (NC)": "0.36"}, True),
        # A yen is the smallest unit: 150.5 is within one of 151, not of 152.
        ({"Gross Credit (GC)": "1.00", "Exchange Rate": "150.5", "Gross Currency": "USD",
          "Net Currency": "JPY", "Net Credit (NC)": "151"}, False),
        ({"Gross Credit (GC)": "1.00", "Exchange Rate": "150.5", "Gross Currency": "USD",
          "Net Currency": "JPY", "Net Credit (NC)": "152"}, True),
        # Three digits of a dinar count.
        ({"Gross Credit (GC)": "1.000", "Gross Currency": "KWD", "Net Currency": "KWD",
          "Net Credit (NC)": "0.990", "Commission (NC)": "0.012"}, True),
        # A chargeback costs its fee on top.
        ({"Type": "Chargeback", "Gross Debit (GC)": "40.00", "Net Debit (NC)": "55.00",
          "Commission (NC)": "15.00"}, False),
        # Without a rate there is nothing to say of two currencies, but of one there is.
        ({"Gross Credit (GC)": "1.00", "Exchange Rate": "", "Gross Currency": "USD",
          "Net Credit (NC)": "7.00"}, False),
        ({"Gross Credit (GC)": "1.00", "Exchange Rate": "", "Net Credit (NC)": "7.00"}, True),
    ],
)  # fmt: skip
async def test_a_row_nets_gross_times_rate_less_fees(
    judge: Judge, cells: dict[str, str], is_off: bool
) -> None:
    verdict = await verdict_of(judge, ADYEN_REPORT, report(ADYEN_30, [ADYEN | cells]))

    found = controls_of(verdict)["Rows whose net is not gross times rate less fees"]
    assert found == (None, f"{int(is_off)}.00000000", "warning" if is_off else "ok")


async def test_adyens_abbreviations_are_read_as_zones(judge: Judge) -> None:
    zones = {"CET": 9, "CEST": 9, "BST": 10, "PST": 18, "GMT": 10, "": 10}
    rows = [ADYEN | {"TimeZone": zone} for zone in zones]

    sheet = await judge.text(report(ADYEN_30, rows), ADYEN_REPORT)

    hours = [getattr(row.values["creation_date"], "hour", None) for row in sheet.rows]
    assert hours == list(zones.values())


async def test_an_abbreviation_of_several_zones_is_not_guessed(judge: Judge) -> None:
    sheet = await judge.text(report(ADYEN_30, [ADYEN | {"TimeZone": "CST"}]), ADYEN_REPORT)

    assert [row.codes for row in sheet.rows] == [("timezone-unknown",)]


async def test_a_masked_card_number_is_taken(judge: Judge) -> None:
    rows = [ADYEN | {"Card Number": "123456****7890"}]

    await verdict_of(judge, ADYEN_REPORT, report(ADYEN_64, rows))


async def test_codes_are_text_whatever_they_look_like(judge: Judge) -> None:
    rows = [
        FAR | {"Holding Currency Amount": "-1.00", "Breakdown Type": "Chargeback (ADJM)",
               "Response Code": "10.4", "Merchant Category Code": "0742"},
    ]  # fmt: skip

    sheet = await judge.text(report(FAR_35, rows), FAR_REPORT)

    assert sheet.rows[0].values["response_code"] == "10.4"
    assert sheet.rows[0].values["merchant_category_code"] == "0742"


async def test_a_time_in_utc_is_utc_whatever_the_zone_of_the_row(judge: Judge) -> None:
    header = [*FAR_36, "Requested On UTC", "Processed On UTC", "Timezone"]
    local = {"Holding Currency Amount": "1.00", "Processed On": "2025-11-03 10:30:00",
             "Processed On UTC": "2025-11-03 09:30:00", "Timezone": "Europe/Berlin"}  # fmt: skip

    sheet = await judge.text(report(header, [FAR | local]), FAR_REPORT)

    values = sheet.rows[0].values
    assert values["processed_on"] == values["processed_on_utc"]


@pytest.mark.parametrize("header", [FAR_35, FAR_36])
async def test_the_actions_of_a_payout_add_up_to_it(judge: Judge, header: list[str]) -> None:
    verdict = await verdict_of(judge, FAR_REPORT, far_payout(header))

    assert controls_of(verdict) == {"Rows of a payout add up to it": ("EUR", "0.00000000", "ok")}


async def test_actions_that_miss_their_payout_are_told(judge: Judge) -> None:
    lines = far_payout().splitlines(keepends=True)

    verdict = await verdict_of(judge, FAR_REPORT, "".join([lines[0], *lines[2:]]))

    found = controls_of(verdict)["Rows of a payout add up to it"]
    assert found == ("EUR", "-100.00000000", "warning")


async def test_payouts_off_in_opposite_ways_do_not_make_up_for_each_other(judge: Judge) -> None:
    def payout(name: str, amount: str, stated: str) -> list[dict[str, str]]:
        cells = {"Payout ID": name}
        return [
            {**FAR, **cells, "Holding Currency Amount": amount},
            {**FAR, **cells, "Holding Currency Amount": stated, "Breakdown Type": "Payout"},
        ]

    rows = payout("PAY1", "10.00", "-11.00") + payout("PAY2", "11.00", "-10.00")

    verdict = await verdict_of(judge, FAR_REPORT, report(FAR_35, rows))

    found = controls_of(verdict)["Rows of a payout add up to it"]
    assert found == ("EUR", "0.00000000", "warning")


async def test_a_payout_that_is_not_stated_is_not_checked(judge: Judge) -> None:
    text = report(FAR_35, [FAR | {"Holding Currency Amount": "1.00"}])

    verdict = await verdict_of(judge, FAR_REPORT, text)

    assert verdict.controls == ()


async def test_the_rows_of_a_breakdown_add_up(judge: Judge) -> None:
    verdict = await verdict_of(judge, BREAKDOWN_REPORT, breakdown())

    assert controls_of(verdict) == {
        "Rows whose net is not gross and deduction": (None, "0.00000000", "ok"),
        "Rows whose deduction is not the sum of its parts": (None, "0.00000000", "ok"),
    }


@pytest.mark.parametrize(
    ("net", "currency", "is_off"),
    [
        ("99.41", "EUR", False),
        ("99.42", "EUR", True),
        ("98.40", "JPY", False),
        ("98.39", "JPY", True),
        ("99.401", "KWD", False),
        ("99.402", "KWD", True),
    ],
)
async def test_a_row_may_be_off_by_one_minor_unit(
    judge: Judge, net: str, currency: str, is_off: bool
) -> None:
    cells = {"Gross In Holding Currency": "100.00", "Deduction In Holding Currency": "-0.60",
             "Processing Fee In Holding Currency": "-0.60", "Net In Holding Currency": net,
             "Holding Currency": currency}  # fmt: skip

    verdict = await verdict_of(judge, BREAKDOWN_REPORT, report(BREAKDOWN_23, [BREAKDOWN | cells]))

    found = controls_of(verdict)["Rows whose net is not gross and deduction"]
    assert found[2] == ("failed" if is_off else "ok")


async def test_amounts_may_have_eight_digits(judge: Judge) -> None:
    text = report(FAR_35, [FAR | {"Holding Currency Amount": "0.12345678"}])

    verdict = await verdict_of(judge, FAR_REPORT, text)

    assert verdict.totals[0].amount == Decimal("0.12345678")


@pytest.mark.parametrize("rows", [1, 2, 40])
@pytest.mark.parametrize("dataset", [ADYEN_REPORT, FAR_REPORT, BREAKDOWN_REPORT])
async def test_made_up_reports_are_valid_and_add_up(judge: Judge, dataset: str, rows: int) -> None:
    declared = Catalogue.built_in().get(dataset)
    assert declared is not None
    window = Window.last_days(30, UPLOADED_AT)

    text = "".join(sample_csv(declared, rows=rows, seed=7, window=window))
    verdict = await verdict_of(judge, dataset, text)

    assert verdict.rows_good == rows
    assert {checked.result for checked in verdict.controls} <= {"ok"}
    assert "other" not in {total.transaction_type for total in verdict.totals}


def test_the_layouts_of_the_tests_have_as_many_columns_as_they_say() -> None:
    headers = (ADYEN_30, ADYEN_49, ADYEN_64, FAR_35, FAR_36, BREAKDOWN_23)
    assert [len(header) for header in headers] == [30, 49, 64, 35, 36, 23]
    assert next(csv.reader(io.StringIO(adyen_batch(ADYEN_64)))) == ADYEN_64
