"""What a file's page says of the rows that come back with other files."""

import pytest

from server.datasets.catalogue import Catalogue
from server.files.answers import FileAnswer, answer_file
from server.files.lifecycle import Outcome, Stage
from server.portal.banner import banner_of
from server.portal.file_facts import file_facts
from server.portal.parts import Tone
from server.portal.rejected import rejected_rows
from server.portal.repairs import (
    Family,
    came_back,
    offering_repair,
    repair_form,
    repair_lines,
    rows_of,
    with_repaired,
)
from server.reports.rows import RowReport
from tests.portal.builders import ISSUE, NOW, STATISTICS, make_file

TRANSACTIONS = Catalogue.built_in().get("transactions")
LABELS = ["transaction_id", "amount", "amount", " ", "_row_number"]
PARENT = answer_file(
    make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED_WITH_REJECTIONS,
        statistics=STATISTICS,
        issues=[ISSUE],
        rows_repaired=2,
    )
)


def repair(outcome: Outcome | None = Outcome.IMPORTED, **tags: str) -> FileAnswer:
    stage = Stage.COMPLETED if outcome else Stage.LOADING
    stage = Stage.FAILED if outcome is Outcome.FAILED else stage
    statistics = {"rowsTotal": 3, "rowsImported": 2} if outcome else None
    return answer_file(make_file(stage, outcome, tags=tags, statistics=statistics))


@pytest.mark.parametrize(
    ("told", "numbers"),
    [
        ("3", {3}),
        ("3, 7-9", {3, 7, 8, 9}),
        ("nonsense, -4, 5-, 1e9, 6", {6}),
        ("9-7", set()),
        ("", set()),
    ],
)
def test_a_repair_names_its_rows_and_nothing_else_is_believed(told: str, numbers: set[int]) -> None:
    assert rows_of(repair(repairedRows=told, shop="1-9")) == numbers


def test_a_span_without_end_does_not_fill_the_memory() -> None:
    assert len(rows_of(repair(repairedRows="1-999999999999999"))) == 500


def test_rows_under_way_or_in_are_not_offered_again_and_those_of_a_failure_are() -> None:
    repairs = [
        repair(repairedRows="3"),
        repair(None, repairedRows="5", repairedRows2="7"),
        repair(Outcome.FAILED, repairedRows="9"),
    ]

    form = repair_form(PARENT, TRANSACTIONS, LABELS, repairs)

    assert form is not None
    assert form.data["sent"] == [3, 5, 7]
    assert form.data["labels"] == ["transaction_id", "amount"]
    assert [it.words for it in repair_lines(repairs)] == [
        "2 of 3 rows came in",
        "On its way",
        "None of its rows came in",
    ]


def test_nothing_is_offered_when_every_row_went_with_a_repair() -> None:
    assert repair_form(PARENT, TRANSACTIONS, LABELS, [repair(repairedRows="1-8")]) is None


@pytest.mark.parametrize("outcome", [Outcome.IMPORTED, Outcome.UNDONE, Outcome.DUPLICATE, None])
def test_only_a_file_that_is_in_with_rows_set_aside_can_be_repaired(
    outcome: Outcome | None,
) -> None:
    assert repair_form(repair(outcome), TRANSACTIONS, LABELS, []) is None


def test_a_repair_tells_what_it_did_for_its_file() -> None:
    banner = banner_of(repair(), now=NOW, zone="UTC")

    told = with_repaired(banner, repair(), PARENT)

    assert told.text.endswith("2 of 8 rows set aside came in.")
    assert [it.href for it in told.actions] == [f"/files/{PARENT.id}"]


def test_after_a_repair_the_page_speaks_of_the_rows_that_are_left() -> None:
    form = repair_form(PARENT, TRANSACTIONS, LABELS, [repair(repairedRows="3, 5")])
    assert form is not None

    banner = offering_repair(banner_of(PARENT, now=NOW, zone="UTC"), form)

    assert banner.title.endswith("8 rows were set aside. 2 of them came in since.")
    assert banner.text.startswith("Repair the 6 rows that are left here and send them again;")
    assert [it.label for it in banner.actions] == ["Repair here", "Download all 8"]


def test_rows_that_came_back_are_marked_among_those_set_aside() -> None:
    repairs = [
        repair(None, repairedRows="3, 5"),
        repair(repairedRows="3"),
        repair(Outcome.FAILED, repairedRows="7"),
    ]
    rows = [RowReport(number, (), {"amount": "12,50"}) for number in (3, 5, 7)]

    shown = rejected_rows(PARENT, TRANSACTIONS, rows, None, came_back(repairs))

    assert shown is not None
    assert [it.since and (it.since.tone, it.since.words) for it in shown.lines] == [
        (Tone.OK, "Came in since"),
        (Tone.INFO, "Sent again"),
        None,
    ]


def test_rows_that_a_repair_brings_stand_among_the_facts_in_words() -> None:
    file = repair(repairedRows="3, 5,", repairedRows2="8-9", shop="north")

    told = {fact.label: fact.value for fact in file_facts(file, Family(), "")}

    assert told["Rows it repairs"] == "3, 5, 8-9"
    assert told["shop"] == "north"
    assert not [label for label in told if label.startswith("repairedRows")]


def test_a_file_sent_in_place_of_one_that_failed_says_so() -> None:
    failed = repair(Outcome.FAILED)

    told = with_repaired(banner_of(repair(), now=NOW, zone="UTC"), repair(), failed)

    assert told.text.endswith(
        "in place of “checkout_transactions_2026-11-22.csv”, of which nothing had loaded."
    )
