"""What a request may ask of its file: each policy, alone and with the others, on every dataset."""

from decimal import Decimal
from itertools import product
from uuid import uuid4

import pytest

from server.datasets.catalogue import Catalogue
from server.files.answers import FileAnswer
from tests.fixtures.client import UPLOAD, Client, counts_of, failure_of, sums_of, totals_of
from tests.fixtures.rows import good, to_csv
from tests.journeys.payments import Payments

# Of four rows one is rejected: a quarter.
RATIOS = (None, 0.25, 0.24, 0, 1)
WITHHELD = {"total": 4, "rejected": 1, "withheld": 3}
LOADED = {"total": 4, "rejected": 1, "imported": 3, "inserted": 3}
CONTRACT_DEFAULTS = {
    "transactions": ("quarantine", 0.1),
    "orders": ("quarantine", 0.1),
    "payments": ("quarantine", 0.1),
    "disputes": ("quarantine", 0.1),
}


def told(client: Client, file: FileAnswer) -> tuple[str, dict[str, object]]:
    """Return the last line of the file's history."""
    entry = client.history(file.id)[-1]
    return entry.cause, {name: entry.detail.get(name) for name in ("outcome", "code")}


def expected_failure(on_error: str, most: float) -> str | None:
    """Return the code of the failure of a file of which a quarter is rejected."""
    if on_error == "abort":
        return "aborted-on-error"
    return "too-many-rejected" if most < 0.25 else None


@pytest.mark.parametrize("dataset", sorted(Catalogue.built_in().names()))
def test_the_defaults_are_those_of_the_contract(dataset: str) -> None:
    declared = Catalogue.built_in().get(dataset)

    assert declared is not None
    on_error, ratio = CONTRACT_DEFAULTS.get(dataset, ("abort", 1.0))
    assert (declared.defaults.on_error, declared.defaults.max_rejected_ratio) == (on_error, ratio)


@pytest.mark.slow
@pytest.mark.parametrize("is_dry", [False, True])
def test_every_choice_of_what_bad_rows_do_ends_as_it_says(
    client: Client, payments: Payments, is_dry: bool
) -> None:
    choices = list(product((None, "quarantine", "abort"), RATIOS))
    sent = []
    for on_error, ratio in choices:
        rows = payments.rows(4)
        options = {"onError": on_error, "maxRejectedRatio": ratio, "dryRun": is_dry or None}
        given = {name: choice for name, choice in options.items() if choice is not None}
        file_id, url = client.ask(options=given)
        bad = {**rows[3], "amount": "x"}
        assert client.put(url, to_csv([*rows[:3], bad]).encode()) == 200
        sent.append((file_id, rows[:3], on_error or "quarantine", 0.1 if ratio is None else ratio))

    loaded = []
    for file_id, rows, on_error, most in sent:
        file = client.ended(file_id)
        failure = expected_failure(on_error, most)
        assert (failure_of(file) if failure else None) == failure, (on_error, most)
        if failure or is_dry:
            outcome = "failed" if failure else "dry_run"
            assert (file.outcome, counts_of(file), totals_of(file)) == (outcome, WITHHELD, {})
            cause = "file.failed" if failure else "file.completed"
        else:
            assert (file.outcome, counts_of(file)) == ("imported_with_rejections", LOADED)
            assert totals_of(file) == sums_of(rows)
            outcome, cause = "imported_with_rejections", "file.completed"
            loaded += rows
        detail = {"outcome": None, "code": failure} if failure else {"outcome": outcome}
        assert told(client, file) == (cause, {"outcome": None, "code": None, **detail})
        assert client.rows(file.id) == {4: ["amount:type-error"]}
        assert [(i.code, i.count, i.first_row_number) for i in file.issues] == [
            ("type-error", 1, 4)
        ]
    assert client.shown(payments.provider) == (sums_of(loaded) if loaded else {})


def test_as_many_as_the_ratio_says_may_be_rejected(client: Client, payments: Payments) -> None:
    # As floats, 29 of 100 are more than 0.29.
    rows = payments.rows(71) + payments.rows(29, amount="x")

    file = client.send(to_csv(rows), maxRejectedRatio=0.29)
    refused = client.send(to_csv([*rows, payments.row(amount="y")]), maxRejectedRatio=0.29)

    assert file.outcome == "imported_with_rejections"
    assert failure_of(refused) == "too-many-rejected"
    assert refused.failure is not None
    assert refused.failure["detail"] == "30 of 101 rows were set aside; at most 29 % may be."


def test_warned_and_skipped_rows_are_not_rejected_ones(client: Client, payments: Payments) -> None:
    rows = payments.rows(3, installment_count="x")
    lines = to_csv(rows).splitlines()

    file = client.send("\n".join([*lines, "", lines[0], lines[3]]), onError="abort")

    assert counts_of(file) == {
        "total": 4,
        "imported": 3,
        "inserted": 3,
        "duplicate": 1,
        "with_warnings": 3,
        "skipped": 2,
    }


def test_a_dry_run_leaves_nothing_and_the_same_bytes_load_later(
    client: Client, payments: Payments
) -> None:
    rows, data = payments.file(3)

    dry = client.send(data, dryRun=True)
    again = client.send(data, dryRun=True)
    assert client.shown(payments.provider) == {}
    real = client.send(data)
    late = client.send(data, dryRun=True)

    assert [(file.outcome, counts_of(file)) for file in (dry, again)] == [
        ("dry_run", {"total": 3, "withheld": 3})
    ] * 2
    assert (real.outcome, counts_of(real)) == (
        "imported",
        {"total": 3, "imported": 3, "inserted": 3},
    )
    # What a real file would end as.
    assert (late.outcome, late.duplicate_of) == ("duplicate", real.id)
    assert client.shown(payments.provider) == sums_of(rows)


def test_the_same_bytes_load_again_when_asked_to(client: Client, payments: Payments) -> None:
    rows, data = payments.file(3)
    first = client.send(data)

    second = client.send(data, allowDuplicate=True)
    third = client.send(data, allowDuplicate=True, dryRun=True)
    fourth = client.send(data)

    replaced = {"total": 3, "imported": 3, "replaced": 3}
    assert (second.outcome, second.duplicate_of, counts_of(second)) == (
        "imported",
        None,
        replaced,
    )
    assert totals_of(second) == sums_of(rows)
    assert (third.outcome, counts_of(third)) == ("dry_run", {"total": 3, "withheld": 3})
    assert (fourth.outcome, fourth.duplicate_of) == ("duplicate", first.id)
    assert client.shown(payments.provider) == sums_of(rows)


TOTALS = [
    ([("EUR", 2, "30.5"), ("JPY", 1, "100")], None),
    ([("JPY", 1, "100.00"), ("EUR", 2, "30.50")], None),
    ([("EUR", 2, "30.500000"), ("JPY", 1, "100"), ("USD", 0, "0")], None),
    ([("EUR", 2, "30.5")], {"JPY": None}),
    ([("EUR", 2, "30.5"), ("JPY", 2, "100")], {"JPY": (2, "100.00")}),
    ([("EUR", 2, "30.51"), ("JPY", 1, "99")], {"EUR": (2, "30.51"), "JPY": (1, "99.00")}),
    ([("EUR", 2, "30.5"), ("JPY", 1, "100"), ("USD", 1, "5")], {"USD": (1, "5.00")}),
    ([("EUR", 2, "-30.5"), ("JPY", 1, "100")], {"EUR": (2, "-30.50")}),
]


@pytest.mark.parametrize("dataset", ["transactions", "settlements"])
def test_totals_have_to_come_out(client: Client, payments: Payments, dataset: str) -> None:
    for place, (totals, wrong) in enumerate(TOTALS):
        amounts = [("EUR", "10.50"), ("EUR", "20"), ("JPY", "100")]
        text = _money_file(payments, dataset, place, amounts)
        asked = [dict(zip(("currency", "count", "amount"), total, strict=True)) for total in totals]

        file = client.send(text, dataset=dataset, expectedTotals=asked)

        if wrong is None:
            assert counts_of(file) == {"total": 3, "imported": 3, "inserted": 3}, totals
            money = {currency: amount for (currency, _), (_, amount) in totals_of(file).items()}
            assert money == {"EUR": Decimal("30.50"), "JPY": Decimal(100)}
            continue
        assert failure_of(file) == "control-total-mismatch"
        assert counts_of(file) == {"total": 3, "withheld": 3}
        assert file.failure is not None
        mismatches = file.failure["mismatches"]
        assert isinstance(mismatches, list)
        assert {m["currency"]: _pair(m["expected"]) for m in mismatches} == wrong
        assert told(client, file)[1]["code"] == "control-total-mismatch"


def test_totals_are_over_the_rows_that_would_load(client: Client, payments: Payments) -> None:
    rows = payments.rows(3, amount="10.00", currency="EUR")
    text = to_csv([*rows, payments.row(amount="x", currency="EUR"), rows[0]])
    asked = [{"currency": "EUR", "count": 3, "amount": "30"}]

    dry = client.send(text, expectedTotals=asked, maxRejectedRatio=1, dryRun=True)
    wrong = [{"currency": "EUR", "count": 5, "amount": "50"}]
    failed = client.send(text, expectedTotals=wrong, maxRejectedRatio=1, dryRun=True)
    loaded = client.send(text, expectedTotals=asked, maxRejectedRatio=1)

    assert dry.outcome == "dry_run"
    assert failure_of(failed) == "control-total-mismatch"
    assert counts_of(failed) == {"total": 5, "withheld": 3, "rejected": 1, "duplicate": 1}
    assert loaded.outcome == "imported_with_rejections"


@pytest.mark.parametrize(
    ("dataset", "pointers"),
    [
        ("transactions", {"/options/expectedTotals/1/currency"}),
        ("fx_rates", {"/options/expectedTotals", "/options/expectedTotals/1/currency"}),
    ],
)
def test_totals_that_cannot_come_out_are_refused(
    client: Client, dataset: str, pointers: set[str]
) -> None:
    total = {"currency": "EUR", "count": 1, "amount": "1"}
    body = {
        "datasetType": dataset,
        "file": {"name": "a.csv", "type": "csv"},
        "options": {"expectedTotals": [total, total]},
    }

    answer = client.http.post(UPLOAD, json=body)

    assert answer.status_code == 400
    assert {fault["pointer"] for fault in answer.json()["errors"]} == pointers


def _money_file(
    payments: Payments, dataset: str, place: int, amounts: list[tuple[str, str]]
) -> str:
    """Return a file of those amounts, whose bytes have not been before."""
    if dataset == "transactions":
        return to_csv(
            [payments.row(currency=c, amount=a, transaction_type="Capture") for c, a in amounts]
        )
    one = uuid4().hex
    return to_csv(
        [
            good(
                number,
                "settlements",
                provider_payment_reference=f"{one}-{place}-{number}",
                settlement_currency=currency,
                settlement_amount=amount,
                # Another currency and amount than those that are added up.
                transaction_currency="GBP",
                transaction_amount="77.00",
            )
            for number, (currency, amount) in enumerate(amounts)
        ]
    )


def _pair(expected: dict[str, object] | None) -> object:
    return (expected["count"], expected["amount"]) if expected else None
