"""What is said before a file is checked again, for every way that its trial can end."""

from decimal import Decimal

from server.datasets.catalogue import Catalogue
from server.files.answers import answer_file
from server.files.lifecycle import Outcome, Stage
from server.mappings.schemas import RowTried, TrialAnswer
from server.mappings.trial_answer import nothing_judged
from server.portal.recheck import recheck_of
from server.portal.templates import environment
from server.reports.consequence import Sum
from tests.portal.builders import make_file

TRANSACTIONS = Catalogue.built_in().get("transactions")
STANDING = (Sum("EUR", "Capture", 2, Decimal("25.00")),)
THEN: dict[str, object] = {"rowsTotal": 3, "rowsImported": 2, "rowsRejected": 1}


def trial(*, is_whole: bool = True, **told: object) -> TrialAnswer:
    return nothing_judged(is_whole=is_whole).model_copy(update=told)


def good(amount: str) -> RowTried:
    values = {"currency": "EUR", "transaction_type": "Capture", "amount": amount}
    return RowTried(row_number=1, verdict="good", cells={}, values=values, issues=[])


def said(found: TrialAnswer | None, standing: tuple[Sum, ...] = STANDING, **options: object) -> str:
    file = answer_file(
        make_file(
            Stage.COMPLETED,
            Outcome.IMPORTED_WITH_REJECTIONS,
            statistics=THEN,
            options={"maxRejectedRatio": 0.5, **options},
        )
    )
    assert TRANSACTIONS is not None
    page = recheck_of(file, TRANSACTIONS, standing, found)
    return environment().get_template("parts/consequence.html").render(page=page)


def test_a_small_file_is_told_in_rows_and_money_as_it_would_be() -> None:
    rows = [good("12.50"), good("1.25"), good("1.25")]
    html = said(trial(rows_judged=3, rows_good=3, rows_rejected=0, rows=rows))

    assert "2 rows of it are on your dashboards now" in html
    assert "25.00" in html
    assert "3 rows would be good by the rules of today" in html
    assert "15.00" in html
    assert "when it was checked last, 2 were good and 1 set aside." in html


def test_what_the_rules_leave_as_it_was_is_said_to_be() -> None:
    rows = [good("12.50"), good("12.5")]
    html = said(trial(rows_judged=3, rows_good=2, rows_rejected=1, rows=rows))

    assert "2 rows would be good and 1 set aside, as before." in html
    assert html.count("<table") == 1


def test_of_a_large_file_the_beginning_is_told() -> None:
    html = said(trial(is_whole=False, rows_judged=1200, rows_rejected=8))

    assert "Of its first 1,200 rows, 8 would be set aside by the rules of today" in html
    assert "when it was checked last, 1 of 3 rows were" in html
    assert "would be good by" not in html


def test_a_file_that_would_fail_is_said_to_and_changes_nothing() -> None:
    failure = {"code": "header-mismatch", "title": "x", "detail": "Missing: amount."}
    html = said(trial(failure=failure))

    assert "By the rules of today the file would fail. Missing: amount." in html
    assert "If it fails, nothing changes." in html


def test_a_file_whose_good_rows_would_not_load_is_said_to_fail() -> None:
    found = trial(rows_judged=3, rows_good=2, rows_rejected=1, rows=[good("1.00"), good("2.00")])

    aborted = said(found, standing=(), onError="abort")
    too_many = said(found, standing=(), maxRejectedRatio=0.1)

    assert "the file would fail. 1 of 3 rows were set aside, and the file loads as" in aborted
    assert "the file would fail. 1 of 3 rows were set aside; at most 10 % may be." in too_many
    assert "<table" not in aborted + too_many


def test_a_file_that_is_only_judged_is_not_said_to_load() -> None:
    html = said(trial(rows_judged=1, rows_good=1, rows=[good("1.00")]), standing=(), dryRun=True)

    assert "nothing of it loads" in html
    assert "<table" not in html


def test_a_later_part_of_a_report_is_said_to_fail() -> None:
    dataset = Catalogue.built_in().get("checkout_settlement_breakdown")
    assert dataset is not None
    name = "settlement-breakdown_ent_1_payout_2.csv"
    file = answer_file(make_file(Stage.COMPLETED, Outcome.FAILED, name=name))
    page = recheck_of(file, dataset, (), trial(rows_judged=1, rows_good=1))

    assert "a later part of a report" in " ".join(page.sentences)


def test_what_a_trial_cannot_know_is_not_guessed() -> None:
    exempted = trial(failure={"code": "pan-detected", "title": "x", "detail": "y"})

    for found in (None, exempted):
        assert "cannot be told before the check" in said(found)


def test_a_file_that_is_not_on_the_dashboards_keeps_its_place_in_time() -> None:
    assert "own place in time" in said(trial(), standing=())
