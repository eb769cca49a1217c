"""The panels' numbers, exact, against a real engine."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from server.errors import NotFound
from server.insights.cells import Cell
from server.insights.panels import PANELS
from server.insights.question import Question
from server.insights.service import Insights

Ask = Callable[..., Awaitable[list[tuple[Cell, ...]]]]

pytestmark = pytest.mark.xdist_group("chdb")  # one engine folder per process


async def test_volume_over_time_cuts_days_in_the_zone_of_the_question(ask: Ask) -> None:
    rows = await ask("volume-over-time", timezone="Europe/Berlin", currency="EUR")

    assert rows == [
        ("2026-03-28", "adyen", "EUR", 1, "10.10"),
        ("2026-03-29", "adyen", "EUR", 2, "20.50"),
        ("2026-03-29", "stripe", "EUR", 1, "7.0001"),
        ("2026-03-30", "adyen", "EUR", 1, "100.00"),
    ]


async def test_volume_over_time_never_adds_currencies(ask: Ask) -> None:
    rows = await ask("volume-over-time", interval="month")

    assert rows == [
        ("2026-03-01", "adyen", "EUR", 4, "130.60"),
        ("2026-03-01", "stripe", "EUR", 1, "7.0001"),
        ("2026-03-01", "stripe", "USD", 1, "5.00"),
    ]


async def test_a_week_begins_on_monday(ask: Ask) -> None:
    rows = await ask(
        "volume-over-time", interval="week", timezone="Europe/Berlin", provider="adyen"
    )

    assert [row[0] for row in rows] == ["2026-03-23", "2026-03-30"]


async def test_the_period_is_half_open_by_local_days(ask: Ask) -> None:
    rows = await ask(
        "volume-over-time",
        from_="2026-03-29",
        to="2026-03-30",
        timezone="Europe/Berlin",
        provider="adyen",
    )

    assert rows == [("2026-03-29", "adyen", "EUR", 2, "20.50")]


async def test_the_period_is_half_open_to_the_microsecond(ask: Ask) -> None:
    first = await ask("volume-over-time", to="2026-03-28T22:59:59.999999Z", provider="adyen")
    second = await ask(
        "volume-over-time",
        from_="2026-03-28T22:59:59.999999Z",
        to="2026-03-29T00:00:00+01:00",
        provider="adyen",
    )

    assert first == []
    assert second == [("2026-03-28", "adyen", "EUR", 1, "10.10")]


async def test_refund_rate_tells_its_numerator_and_denominator(ask: Ask) -> None:
    rows = await ask("captures-and-refunds", timezone="Europe/Berlin", interval="month")

    assert rows == [
        ("2026-03-01", "EUR", 5, "137.6001", 2, "4.00", "0.4", "0.02907"),
        ("2026-03-01", "GBP", 0, "0.00", 1, "9.99", None, None),
        ("2026-03-01", "USD", 1, "5.00", 0, "0.00", "0", "0"),
    ]


async def test_volume_by_provider_tells_first_and_last_event(ask: Ask) -> None:
    rows = await ask("volume-by-provider", currency="usd")

    assert rows == [
        (
            "stripe",
            "USD",
            1,
            "5.00",
            0,
            "0.00",
            "2026-03-29T10:00:00Z",
            "2026-03-29T10:00:00Z",
        )
    ]


async def test_payment_methods_keep_what_was_not_given(ask: Ask) -> None:
    rows = await ask("payment-methods", currency="EUR")

    assert rows == [
        ("card", "visa", "EUR", 4, "37.6001", 2, "4.00"),
        ("paypal", "", "EUR", 1, "100.00", 0, "0.00"),
    ]


async def test_payment_method_filters(ask: Ask) -> None:
    rows = await ask("volume-over-time", paymentMethod="paypal")

    assert rows == [("2026-03-29", "adyen", "EUR", 1, "100.00")]


async def test_newest_files_come_from_the_file_records(ask: Ask) -> None:
    rows = await ask("newest-files")

    assert rows == [
        (
            "0195",
            "a.csv",
            "transactions",
            "Completed",
            "imported",
            9,
            900,
            "2026-03-30T08:00:00Z",
        )
    ]


@pytest.mark.parametrize("panel", sorted(PANELS))
async def test_no_panel_shows_another_workspaces_rows(ask: Ask, panel: str) -> None:
    ours, theirs = await ask(panel), await ask(panel, workspace_id="theirs")

    assert "999.99" not in json.dumps(ours)
    assert "130.60" not in json.dumps(theirs)
    assert await ask(panel, workspace_id="nobody") == []


@pytest.mark.parametrize("panel", sorted(PANELS))
def test_every_query_filters_the_workspace(panel: str) -> None:
    sql = PANELS[panel].sql

    assert sql is None or sql.count("_workspace = {workspace:String}") == sql.count("FROM ")


async def test_a_value_from_a_request_is_only_ever_a_value(ask: Ask) -> None:
    assert await ask("volume-by-provider", provider="' OR 1 = 1 --") == []
    assert await ask("volume-by-provider", provider="{workspace:String}") == []
    assert await ask("volume-by-provider", provider="\\") == []


async def test_a_dataset_without_tables_is_told_in_the_notice(insights: Insights) -> None:
    answer = await insights.answer("orders-totals", Question(), workspace_id="ours")

    assert answer.rows == ()
    assert answer.notice == "The dataset behind this panel has not been set up yet."


async def test_an_unknown_panel_is_not_found(insights: Insights) -> None:
    with pytest.raises(NotFound):
        await insights.answer("no-such-panel", Question(), workspace_id="ours")


async def test_as_of_is_the_present(insights: Insights) -> None:
    before = datetime.now(UTC)

    answer = await insights.answer("volume-by-provider", Question(), workspace_id="ours")

    assert before <= answer.as_of <= datetime.now(UTC)
    assert answer.elapsed_seconds > 0
