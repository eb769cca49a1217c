"""Made-up rows: the same for the same seed, plausible, and good to the engine that judges files."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest

from server.datasets.catalogue import Catalogue
from server.datasets.currencies import EXPONENTS
from server.datasets.declaration import Dataset
from server.datasets.header import align
from server.datasets.movements import Window, movements
from server.datasets.sample import rows_of, sample_csv, sample_rows
from server.datasets.template import template_csv
from tests.fixtures.ingest import UPLOADED_AT, Judge

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
WINDOW = Window.last_days(90, NOW)
JUDGED = Window.last_days(90, UPLOADED_AT)
DATASETS = Catalogue.built_in().all()
NAMES = [dataset.name for dataset in DATASETS]

every_dataset = pytest.mark.parametrize("dataset", DATASETS, ids=NAMES)


def cells(name: str, rows: int = 2000, seed: int = 1) -> list[dict[str, str]]:
    dataset = Catalogue.built_in().get(name)
    assert dataset is not None
    text = "".join(sample_csv(dataset, rows=rows, seed=seed, window=WINDOW))
    return list(csv.DictReader(io.StringIO(text)))


@every_dataset
def test_the_template_is_a_header_that_aligns(dataset: Dataset) -> None:
    alignment = align(dataset, next(csv.reader([template_csv(dataset)])))

    assert alignment.missing == ()
    assert alignment.unknown == ()


@every_dataset
def test_a_seed_gives_the_same_rows_and_another_one_others(dataset: Dataset) -> None:
    one, again, other = (
        "".join(sample_csv(dataset, rows=300, seed=seed, window=WINDOW)) for seed in (7, 7, 8)
    )

    assert one == again
    assert set(one.splitlines()[1:]).isdisjoint(other.splitlines()[1:])


@every_dataset
@pytest.mark.parametrize("rows", [1, 2, 3, 5, 200, 501])
def test_there_are_as_many_rows_as_asked_for(dataset: Dataset, rows: int) -> None:
    text = "".join(sample_csv(dataset, rows=rows, seed=1, window=WINDOW))

    assert text.count("\n") == rows + 1


@pytest.mark.parametrize(
    "dataset", [d for d in DATASETS if d.rows_per_key == "one"], ids=lambda d: d.name
)
def test_no_two_rows_share_a_key(dataset: Dataset) -> None:
    rows = cells(dataset.name)

    assert len({tuple(row[name] for name in dataset.key) for row in rows}) == len(rows)


@every_dataset
def test_rows_come_in_the_order_of_time_and_inside_the_window(dataset: Dataset) -> None:
    moments = [row[dataset.event_time] for row in cells(dataset.name)]

    assert moments == sorted(moments)
    assert moments[0] >= WINDOW.begins.strftime("%Y-%m-%d")
    assert moments[-1] < WINDOW.ends.strftime("%Y-%m-%d")
    assert len({moment[:10] for moment in moments}) == 90


@every_dataset
def test_no_cell_holds_what_could_be_a_card_number(dataset: Dataset) -> None:
    long = [
        (name, cell)
        for row in cells(dataset.name, rows=5000)
        for name, cell in row.items()
        for run in "".join(c if c.isdigit() else " " for c in cell.replace("-", "")).split()
        if 13 <= len(run) <= 19
    ]

    assert long == []


@pytest.mark.parametrize("dataset", [d for d in DATASETS if d.roles.amount], ids=lambda d: d.name)
def test_amounts_have_the_digits_of_their_currency(dataset: Dataset) -> None:
    roles = dataset.roles
    assert roles.amount is not None
    rows = cells(dataset.name)

    wrong = [
        (row[roles.currency], row[roles.amount])
        for row in rows
        # In a report with two columns for the two directions, one of them is empty.
        if row[roles.amount]
        and len(row[roles.amount].partition(".")[2]) != EXPONENTS[row[roles.currency]]
    ]

    assert wrong == []
    assert {row[roles.currency] for row in rows} == {"EUR", "USD", "GBP", "JPY"}


def test_a_fifth_or_so_of_the_movements_are_refunds_of_earlier_captures() -> None:
    rows = cells("transactions", rows=10_000)
    captured: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["transaction_type"] == "Capture":
            captured[row["payment_id"]] = row
        else:
            of = captured[row["payment_id"]]
            assert row["provider_code"] == of["provider_code"]
            assert row["currency"] == of["currency"]
            assert Decimal(row["amount"]) <= Decimal(of["amount"])

    assert 0.20 < 1 - len(captured) / len(rows) < 0.25


def test_card_cells_stand_only_where_a_card_paid() -> None:
    rows = cells("transactions")

    assert {bool(row["card_last4"]) for row in rows if row["payment_method_code"] == "card"} == {
        True
    }
    assert {row["card_network"] for row in rows if row["payment_method_code"] != "card"} == {""}


def test_fees_are_rows_of_their_own() -> None:
    rows = cells("settlements", rows=4000)

    count = Counter(row["transaction_type"] for row in rows)
    assert count["fee"] == 1000
    assert {bool(row["fee_type"]) for row in rows if row["transaction_type"] == "fee"} == {True}
    assert {row["fee_type"] for row in rows if row["transaction_type"] != "fee"} == {""}
    negative = {row["transaction_type"] for row in rows if row["settlement_amount"][0] == "-"}
    assert negative == {"fee", "refund"}


def test_samples_of_one_seed_tell_of_the_same_movements() -> None:
    settlements = Catalogue.built_in().get("settlements")
    assert settlements is not None

    transactions = cells("transactions", rows=900)
    orders = cells("orders", rows=900)
    settled = [
        row
        for row in cells("settlements", rows=rows_of(settlements, 900))
        if row["transaction_type"] != "fee"
    ]

    told = [
        (row["provider_reference"], row["transaction_type"].lower(), row["amount"])
        for row in transactions
    ]
    assert told == [(row["provider_reference"], row["type"], row["amount"]) for row in orders]
    assert told == [
        (
            row["provider_payment_reference"],
            row["transaction_type"],
            row["settlement_amount"].removeprefix("-"),
        )
        for row in settled
    ]


def test_what_lies_ahead_is_left_out_without_changing_the_rest() -> None:
    (dataset,) = (dataset for dataset in DATASETS if dataset.name == "transactions")
    middle = WINDOW.begins + timedelta(days=45)

    whole = list(sample_rows(dataset, rows=500, seed=3, window=WINDOW))
    part = list(sample_rows(dataset, rows=500, seed=3, window=WINDOW, until=middle))

    assert 0 < len(part) < len(whole)
    assert whole[: len(part)] == part


def test_weekends_sell_more_than_mondays() -> None:
    days = Counter(m.happened_at.weekday() for m in movements(20_000, seed=1, window=WINDOW))

    assert days[5] > 1.2 * days[0]


def test_a_large_sample_begins_at_once() -> None:
    (dataset,) = (dataset for dataset in DATASETS if dataset.name == "orders")
    pieces = sample_csv(dataset, rows=1_000_000, seed=1, window=WINDOW)

    assert len(list(islice(pieces, 3))) == 3


@pytest.mark.slow
@every_dataset
async def test_the_engine_finds_no_fault_in_a_sample(dataset: Dataset, judge: Judge) -> None:
    text = "".join(sample_csv(dataset, rows=10_000, seed=5, window=JUDGED))

    sheet = await judge.text(text, dataset.name)

    assert sheet.issues == []
    assert Counter(row.verdict for row in sheet.rows) == {"good": 10_000}


def test_a_cell_may_follow_from_another_of_its_row() -> None:
    rows = cells("payments")

    assert {row["status"] for row in rows if row["is_authorized"] == "false"} == {"Declined"}
    assert all(bool(row["authorization_failure_result"]) == (row["status"] == "Declined")
               for row in rows)  # fmt: skip
    assert 0.1 < sum(row["status"] == "Declined" for row in rows) / len(rows) < 0.2
