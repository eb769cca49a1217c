"""Header alignment: what counts as the same label, what is told of the rest."""

import pytest

from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.header import align
from server.datasets.labels import normalise

DECLARED = {
    "name": "payouts",
    "title": "Payouts",
    "description": "For tests",
    "key": ["payout_id"],
    "rowsPerKey": "one",
    "eventTime": "paid_at",
    "roles": {"amount": "amount", "currency": "currency"},
    "defaults": {"onError": "abort"},
    "columns": [
        {"name": "payout_id", "type": "id", "required": True, "description": "Id"},
        {"name": "paid_at", "type": "datetime", "required": True, "description": "When"},
        {
            "name": "amount",
            "type": "decimal",
            "required": True,
            "description": "How much",
            "aliases": ["Gross Amount", "value"],
        },
        {"name": "currency", "type": "currency", "required": True, "description": "Of what"},
        {"name": "bank_account", "type": "text", "description": "Where to"},
    ],
}
PAYOUTS = Dataset.model_validate(DECLARED)
ALL = ["payout_id", "paid_at", "amount", "currency", "bank_account"]


@pytest.mark.parametrize(
    "label",
    [
        "bank_account",
        "Bank Account",
        "BANK-ACCOUNT",
        "  bank account  ",
        "bank\u00a0account",
        "\ufeffbank_account",
        "bank_account\u200b",
        "bank  -  account",
        "_bank_account_",
        "bank\taccount",
    ],
)
def test_spellings_of_one_label(label: str) -> None:
    assert normalise(label) == "bank_account"


def test_a_label_without_its_separator_is_another_one() -> None:
    assert normalise("bankaccount") != normalise("bank_account")


def test_the_order_is_free() -> None:
    alignment = align(PAYOUTS, list(reversed(ALL)))

    assert alignment.columns == tuple(reversed(ALL))
    assert alignment.matched == tuple(ALL)
    assert alignment.missing == ()


def test_an_alias_stands_for_its_column() -> None:
    labels = ["payout_id", "paid_at", "GROSS-AMOUNT", "currency", "bank_account"]

    assert align(PAYOUTS, labels).columns == tuple(ALL)


def test_a_column_twice_is_told_also_through_an_alias() -> None:
    assert align(PAYOUTS, [*ALL, "Amount"]).doubled == ("amount",)
    assert align(PAYOUTS, [*ALL, "value"]).doubled == ("amount",)


def test_an_unknown_label_twice_is_no_doubled_column() -> None:
    alignment = align(PAYOUTS, [*ALL, "note", "note"])

    assert alignment.doubled == ()
    assert alignment.unknown == ("note", "note")


def test_all_missing_columns_are_told_at_once() -> None:
    alignment = align(PAYOUTS, ["payout_id", "paid_at"])

    assert alignment.missing == ("amount", "currency", "bank_account")
    assert alignment.missing_required == ("amount", "currency")


def test_a_slip_of_the_finger_is_suggested() -> None:
    labels = ["payout_id", "paid_at", "ammount", "Curency", "bank_acount"]

    assert align(PAYOUTS, labels).suggestions == {
        "ammount": "amount",
        "Curency": "currency",
        "bank_acount": "bank_account",
    }


def test_another_word_is_not_suggested() -> None:
    alignment = align(PAYOUTS, ["payout_id", "paid_at", "account", "currency"])

    assert alignment.suggestions == {}
    assert alignment.unknown == ("account",)


def test_a_column_that_is_there_is_never_suggested() -> None:
    assert align(PAYOUTS, [*ALL, "ammount"]).suggestions == {}


def test_blank_labels_count_for_nothing() -> None:
    alignment = align(PAYOUTS, [*ALL, "", "  ", "\u00a0"])

    assert alignment.columns == (*ALL, None, None, None)
    assert alignment.unknown == ()


def test_the_columns_of_our_own_report_are_ignored() -> None:
    alignment = align(PAYOUTS, [*ALL, "_file_id", "_row_number", "_issues"])

    assert alignment.ignored == ("_file_id", "_row_number", "_issues")
    assert alignment.unknown == ()


def test_a_users_own_column_of_such_a_name_is_merely_unknown() -> None:
    alignment = align(PAYOUTS, [*ALL, "Issues"])

    assert alignment.ignored == ()
    assert alignment.unknown == ("Issues",)


def test_the_contracts_member_lists_what_was_found() -> None:
    alignment = align(PAYOUTS, ["paid_at", "payout_id", "note", "_issues"])

    assert alignment.as_json() == {
        "matched": ["payout_id", "paid_at"],
        "missing": ["amount", "currency", "bank_account"],
        "unknown": ["note"],
        "ignored": ["_issues"],
    }


@pytest.mark.parametrize("name", Catalogue.built_in().names())
def test_no_two_columns_of_a_dataset_share_a_spelling(name: str) -> None:
    dataset = Catalogue.built_in().get(name)
    assert dataset is not None

    spellings = [
        spelling
        for column in dataset.columns
        for spelling in {normalise(said) for said in (column.name, *column.aliases)}
    ]

    assert len(spellings) == len(set(spellings))
