"""Days and times are written in the reader's order, by their clock, in their zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from server.portal.dates import clock_time, day, moment_in_words, month, span, when
from server.portal.locales import print_for
from tests.portal.builders import NOW

NBSP = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"


@pytest.fixture(autouse=True)
def nothing_asked_again() -> Iterator[None]:
    """Leave no locale behind."""
    yield
    print_for("")


@pytest.mark.parametrize(
    ("asked", "told", "clock"),
    [
        ("", "3 Nov 2026", "15:07"),
        ("en-US,en;q=0.9", "Nov 3, 2026", f"3:07{NBSP}PM"),
        ("en", "Nov 3, 2026", f"3:07{NBSP}PM"),
        ("en-GB", "3 Nov 2026", "15:07"),
        ("en-DE", "3 Nov 2026", "15:07"),
        ("en-AU", "3 Nov 2026", f"3:07{NBSP}PM"),
        ("de-DE,de;q=0.8", "3 Nov 2026", "15:07"),
        ("es-US", "3 Nov 2026", f"3:07{NBSP}PM"),
        ("es-ES", "3 Nov 2026", "15:07"),
        ("ja-JP", "2026 Nov 3", "15:07"),
        ("zh-Hant-TW", "2026 Nov 3", f"3:07{NBSP}PM"),
        ("zh-CN", "2026 Nov 3", "15:07"),
        ("ko", "2026 Nov 3", f"3:07{NBSP}PM"),
        ("fi", "3 Nov 2026", "15.07"),
        ("tlh", "3 Nov 2026", "15:07"),
    ],
)
def test_a_day_and_a_time_are_those_of_the_readers_region(
    asked: str, told: str, clock: str
) -> None:
    print_for(asked)

    assert day(date(2026, 11, 3)) == told
    assert clock_time(datetime(2026, 11, 3, 14, 7, tzinfo=UTC), "Europe/Berlin") == clock


@pytest.mark.parametrize(("hour", "told"), [(0, "12:00"), (11, "11:00"), (12, "12:00")])
def test_midnight_and_noon_are_twelve(hour: int, told: str) -> None:
    print_for("en-US")
    half = "AM" if hour < 12 else "PM"

    moment = datetime(2026, 11, 3, hour, tzinfo=UTC)

    assert clock_time(moment, "UTC") == f"{told}{NBSP}{half}"
    assert clock_time(moment, "UTC", with_seconds=True) == f"{told}:00{NBSP}{half}"


@pytest.mark.parametrize(
    ("asked", "within", "across", "over_years", "one_month"),
    [
        (
            "en-US",
            f"November 1{DASH}22, 2026",
            f"Oct 28 {DASH} Nov 3, 2026",
            f"Dec 30, 2025 {DASH} Jan 2, 2026",
            "Nov 2026",
        ),
        (
            "ja",
            f"2026 November 1{DASH}22",
            f"2026 Oct 28 {DASH} 2026 Nov 3",
            f"2025 Dec 30 {DASH} 2026 Jan 2",
            "2026 Nov",
        ),
    ],
)
def test_spans_are_in_the_same_order(
    asked: str, within: str, across: str, over_years: str, one_month: str
) -> None:
    print_for(asked)

    assert span(date(2026, 11, 1), date(2026, 11, 22)) == within
    assert span(date(2026, 10, 28), date(2026, 11, 3)) == across
    assert span(date(2025, 12, 30), date(2026, 1, 2)) == over_years
    assert month(date(2026, 11, 3)) == one_month


def test_what_is_near_is_told_by_its_name() -> None:
    print_for("en-US")

    assert when(NOW - timedelta(hours=1), NOW, "Europe/Berlin") == f"8:42{NBSP}AM"
    assert when(NOW - timedelta(days=3), NOW, "Europe/Berlin") == "Nov 19"
    assert moment_in_words(NOW, NOW, "Europe/Berlin") == f"today 9:42{NBSP}AM"
    early = NOW - timedelta(days=40)
    assert moment_in_words(early, NOW, "UTC") == f"Oct 13, 2026 8:42{NBSP}AM"


async def test_pages_follow_the_locale_and_tell_the_zone(reader: httpx.AsyncClient) -> None:
    reader.cookies.set("tallydock_zone", "America%2FNew_York")
    american = (await reader.get("/", headers={"accept-language": "en-US"})).text
    british = (await reader.get("/", headers={"accept-language": "en-GB"})).text

    assert "days in America/New_York" in american
    assert "Times are those of America/New_York" in american
    assert f"{NBSP}AM" in american
    assert f"{NBSP}AM" not in british
