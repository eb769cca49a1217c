"""Numbers, times, periods and codes in words."""

from datetime import date, timedelta
from decimal import Decimal
from typing import cast

import pytest

from server.datasets.catalogue import Catalogue
from server.datasets.pages import DatasetPage
from server.files.answers import Statistics, answer_file
from server.files.failures import FailureCode
from server.files.lifecycle import Outcome, Stage
from server.portal import history_lines
from server.portal.contexts import Shell
from server.portal.dataset_pages import dataset_page
from server.portal.dates import span, when
from server.portal.figures import limit, money, money_with_symbol, percent, size, spark
from server.portal.parts import Progress
from server.portal.periods import month_of, month_to, read_period
from server.portal.words import (
    _FAILED_SHORT,
    RESULTS,
    STAGES,
    fate_of_rows,
    progress_of,
    sender_in_words,
)
from tests.portal.builders import NOW, make_file


def test_every_state_and_failure_has_words() -> None:
    assert set(STAGES) == set(Stage)
    assert set(RESULTS) == {"", *(str(outcome) for outcome in Outcome)}
    assert set(_FAILED_SHORT) == set(history_lines._FAULTS) == set(FailureCode)
    assert set(history_lines._ENDS) == set(Outcome)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (11_800_000, "11.8 MB"),
        (974_000_000, "974 MB"),
        (5 * 2**30, "5.4 GB"),
    ],
)
def test_sizes(size_bytes: int | None, words: str) -> None:
    assert size(size_bytes).replace("\N{NO-BREAK SPACE}", " ") == words


def test_limits_are_told_as_they_were_set() -> None:
    assert limit(5 * 2**30) == "5\N{NO-BREAK SPACE}GiB"
    assert limit(5_000_000) == "5.0\N{NO-BREAK SPACE}MB"


def test_money_is_exact_with_the_digits_of_its_currency() -> None:
    assert money(Decimal("1204331.1800"), "EUR") == "1,204,331.18"
    assert money(Decimal(402118), "JPY") == "402,118"
    assert money(Decimal("7.0001"), "EUR") == "7.0001"
    assert money(Decimal("-5"), "EUR") == "\N{MINUS SIGN}5.00"
    assert money_with_symbol(Decimal("8.005"), "EUR") == "€\N{NO-BREAK SPACE}8.01"
    assert money_with_symbol(Decimal(3), "CHF") == "CHF\N{NO-BREAK SPACE}3.00"


def test_percentages() -> None:
    assert percent(Decimal("0.029101")) == "2.91\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(hours=1), "08:42"),
        (timedelta(hours=10), "Yesterday"),
        (timedelta(days=3), "19 Nov"),
        (timedelta(days=400), "18 Oct 2025"),
        (timedelta(hours=-1), "10:42"),
    ],
)
def test_moments_are_told_in_the_readers_zone(ago: timedelta, words: str) -> None:
    assert when(NOW - ago, NOW, "Europe/Berlin") == words


def test_spans() -> None:
    assert span(date(2026, 11, 1), date(2026, 11, 22)) == "1\N{EN DASH}22 November 2026"
    assert span(date(2026, 10, 28), date(2026, 11, 3)) == "28 Oct \N{EN DASH} 3 Nov 2026"
    assert span(date(2025, 12, 30), date(2026, 1, 2)) == "30 Dec 2025 \N{EN DASH} 2 Jan 2026"
    assert span(date(2026, 11, 1), date(2026, 11, 1)) == "1 November 2026"


def test_this_month_is_compared_with_as_many_days_of_the_last() -> None:
    period = month_to(date(2026, 3, 31))

    assert (period.before_first, period.before_last) == (date(2026, 2, 1), date(2026, 2, 28))
    assert period.interval == "day"
    assert len(period.buckets()) == 31


def test_twelve_months_are_whole_months() -> None:
    period = read_period("last-12-months", "", "", today=date(2026, 11, 22))

    assert period.first == date(2025, 12, 1)
    assert period.before_first == date(2024, 12, 1)
    assert len(period.buckets()) == 12


def test_a_custom_period_widens_its_buckets() -> None:
    today = date(2026, 11, 22)

    assert read_period("custom", "2026-01-01", "2026-02-28", today=today).interval == "day"
    assert read_period("custom", "2026-01-07", "2026-08-01", today=today).interval == "week"
    assert read_period("custom", "2020-01-01", "2026-08-01", today=today).interval == "month"
    weeks = read_period("custom", "2026-01-07", "2026-08-01", today=today).buckets()
    assert weeks[0] == date(2026, 1, 5)


@pytest.mark.parametrize("dates", [("x", "y"), ("2026-02-02", "2026-02-01"), ("0001-01-01", "")])
def test_a_period_that_cannot_be_read_is_this_month(dates: tuple[str, str]) -> None:
    today = date(2026, 11, 22)

    assert read_period("custom", *dates, today=today) == month_to(today)


def test_the_newest_month_with_rows_is_whole() -> None:
    period = month_of(date(2025, 1, 15))

    assert (period.first, period.last) == (date(2025, 1, 1), date(2025, 1, 31))
    assert (period.before_first, period.before_last) == (date(2024, 12, 1), date(2024, 12, 31))


def test_senders() -> None:
    assert sender_in_words("key:nightly") == "API key “nightly”"
    assert sender_in_words("user:nadia@example.com") == "nadia@example.com"


def test_progress_tells_about_how_many_rows_there_are() -> None:
    progress = {"bytesDone": 624_000_000, "bytesTotal": 974_000_000, "rowsDone": 2_561_000}

    told = progress_of(answer_file(make_file(Stage.LOADING, progress=progress)))

    assert told == Progress(
        624_000_000, 974_000_000, "Checking rows · 2,561,000 of about 4,000,000"
    )


def test_rows_that_were_counted_are_still_told_while_they_are_published() -> None:
    progress = {"bytesDone": 10, "bytesTotal": 10, "rowsDone": 60_000}

    told = progress_of(answer_file(make_file(Stage.PUBLISHING, progress=progress)))

    assert told == Progress(0, None, "Putting rows on the dashboards · 60,000")


def test_a_line_needs_three_points() -> None:
    assert spark([Decimal(1), Decimal(2)]) is None
    line = spark([Decimal(1), Decimal(2), Decimal(1)])
    assert line is not None
    assert line.line == "0.00,30.00 50.00,2.00 100.00,30.00"


def test_declared_footers_are_told_by_both_pages_of_a_dataset() -> None:
    dataset = Catalogue.built_in().get("transactions")
    assert dataset is not None
    footed = dataset.model_copy(update={"footers": ("<END>", "Total( [A-Z]{3})?")})
    shell = cast(Shell, object())

    facts = {
        is_footed: {fact.label: fact.value for fact in dataset_page(shell, told, base_url="").rules}
        for is_footed, told in ((True, footed), (False, dataset))
    }

    assert DatasetPage.of(footed).footers == ("<END>", "Total( [A-Z]{3})?")
    assert facts[True]["Footers"] == (
        "A line whose first cell is <END> or Total( [A-Z]{3})? is no row"
    )
    assert "Footers" not in facts[False]


def test_rows_of_a_duplicate_are_told_to_be_imported_before() -> None:
    statistics = Statistics(rows_total=30, rows_duplicate=30)

    assert fate_of_rows(statistics, Outcome.DUPLICATE) == "30 imported before"
    assert fate_of_rows(statistics, Outcome.IMPORTED) == "30 twice in the file"
