"""What a declaration may say, and what is refused when the catalogue is read."""

import copy
from collections.abc import Callable

import pytest
import yaml
from pydantic import ValidationError

from server.datasets.catalogue import Catalogue
from server.datasets.column import OnFault
from server.datasets.declaration import Dataset

YAML = """
name: payouts
title: Payouts
description: For tests
key: [payout_id]
rowsPerKey: one
eventTime: paid_at
zone: timezone
roles: {amount: amount, currency: currency, type: kind}
defaults: {onError: quarantine, maxRejectedRatio: 0.1}
columns:
  - {name: payout_id, type: id, description: Id}
  - {name: paid_at, type: datetime, description: When, required: true}
  - {name: timezone, type: zone, description: Where}
  - {name: amount, type: decimal, description: How much, exponentOf: currency}
  - {name: currency, type: currency, description: Of what}
  - {name: kind, type: enum, enum: [in, out], description: Which way}
  - {name: bank, type: text, description: Whose, required: true}
  - {name: note, type: text, description: More}
  - {name: fee_kind, type: text, description: What for, onFault: reject}
"""
Body = dict[str, object]


def body(change: Callable[[Body], object] = lambda _: None) -> Body:
    made: Body = copy.deepcopy(yaml.safe_load(YAML))
    change(made)
    return made


def test_a_whole_declaration_is_read() -> None:
    dataset = Dataset.model_validate(body())

    assert dataset.rows_per_key == "one"
    assert dataset.column("amount").exponent_of == "currency"
    assert dataset.version == 1


def test_what_decides_rejects_and_the_rest_warns() -> None:
    dataset = Dataset.model_validate(body())

    rejecting = [c.name for c in dataset.columns if dataset.on_fault(c) is OnFault.REJECT]

    assert rejecting == ["payout_id", "paid_at", "amount", "currency", "kind", "bank", "fee_kind"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda b: b.update(key=["nope"]), "not among the columns: nope"),
        (lambda b: b.update(eventTime="nope"), "not among the columns: nope"),
        (lambda b: b.update(zone="nope"), "not among the columns: nope"),
        (lambda b: b["roles"].update(amount="nope"), "not among the columns: nope"),
        (lambda b: b["columns"][3].update(exponentOf="nope"), "not among the columns: nope"),
        (
            lambda b: b.update(keyFallback={"columns": ["nope"], "whenEmpty": ["note"]}),
            "not among the columns: nope",
        ),
        (lambda b: b["columns"][3].update(scale=9), "scale of amount is at most 8"),
        (lambda b: b["columns"].append(b["columns"][0]), "a column is declared twice"),
        (lambda b: b.update(colour="red"), "colour"),
        (lambda b: b["columns"][0].update(colour="red"), "columns.0.colour"),
        (lambda b: b["columns"][0].update(type="number"), "columns.0.type"),
        (lambda b: b["columns"][0].update(name="drop table"), "columns.0.name"),
        (lambda b: b.update(name="Payouts"), "name"),
        (lambda b: b.pop("roles"), "roles"),
        (lambda b: b["defaults"].update(maxRejectedRatio=2), "defaults.maxRejectedRatio"),
        (lambda b: b.update(rowsPerKey="few"), "rowsPerKey"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(
    change: Callable[[Body], object], told: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        Dataset.model_validate(body(change))

    assert told in str(caught.value)


def test_the_catalogue_knows_its_datasets_by_name() -> None:
    catalogue = Catalogue.built_in()

    assert catalogue.names() == tuple(sorted(catalogue.names()))
    assert {"orders", "settlements", "transactions"} <= set(catalogue.names())
    assert catalogue.get("nope") is None
    assert [dataset.name for dataset in catalogue.all()] == list(catalogue.names())


@pytest.mark.parametrize("dataset", Catalogue.built_in().all(), ids=lambda d: d.name)
def test_every_built_in_dataset_is_told_in_words(dataset: Dataset) -> None:
    silent = [column.name for column in dataset.columns if not column.description]
    hintless = [c.name for c in dataset.columns if c.pattern and not c.pattern_hint]

    assert silent == []
    assert hintless == []


def test_the_required_columns_are_those_of_the_contract() -> None:
    transactions = Catalogue.built_in().get("transactions")
    assert transactions is not None

    assert [column.name for column in transactions.columns if column.required] == [
        "transaction_id",
        "transaction_type",
        "created_at",
        "provider_code",
        "currency",
        "amount",
    ]
    assert len(transactions.columns) == 18
