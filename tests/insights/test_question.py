"""Reading a question: zones, half-open bounds, every fault at once."""

from datetime import UTC, datetime

import pytest

from server.errors import Malformed
from server.insights.panel import Filter
from server.insights.question import EARLIEST, LATEST, Interval, Question, read_question


def test_nothing_asked_is_everything_by_days_of_utc() -> None:
    question = read_question({})

    assert question == Question(EARLIEST, LATEST, "UTC", Interval.DAY, "", "", "", "")


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-11-01", "UTC", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01", "Etc/UTC", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-07-01", "Europe/Berlin", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-01-01", "Europe/Berlin", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-01-01", "Asia/Kathmandu", datetime(2025, 12, 31, 18, 15, tzinfo=UTC)),
        # Midnight does not exist: the clock goes from 00:00 to 01:00.
        ("2018-11-04", "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # Midnight comes twice: the day begins with the first.
        ("2018-10-26", "Asia/Amman", datetime(2018, 10, 25, 21, tzinfo=UTC)),
        ("2026-11-01T10:00:00Z", "Europe/Berlin", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01t10:00:00.25+02:00", "UTC", datetime(2026, 11, 1, 8, 0, 0, 250000, UTC)),
        # A plus sign that was not escaped in the address.
        ("2026-11-01T10:00:00 02:00", "UTC", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("0001-01-01", "UTC", EARLIEST),
        ("9999-12-31", "UTC", LATEST),
    ],
)
def test_a_moment_is_read_in_the_zone(text: str, zone: str, moment: datetime) -> None:
    question = read_question({Filter.FROM: text, Filter.TIMEZONE: zone})

    assert question.from_at == moment


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (Filter.FROM, "yesterday"),
        (Filter.FROM, "2026-02-30"),
        (Filter.FROM, "2026-11-01T10:00:00"),
        (Filter.TO, "20261101"),
        (Filter.TIMEZONE, "Berlin"),
        (Filter.TIMEZONE, "../etc/passwd"),
        (Filter.INTERVAL, "hour"),
        (Filter.CURRENCY, "EURO"),
        (Filter.PROVIDER, "x" * 256),
        (Filter.PROVIDER, "a\x00b"),
    ],
)
def test_a_bad_value_points_at_its_parameter(name: Filter, value: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_question({name: value})

    assert [fault.pointer for fault in refusal.value.errors] == [name.value]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Malformed) as refusal:
        read_question({Filter.FROM: "x", Filter.INTERVAL: "x", Filter.CURRENCY: "x"})

    assert [fault.pointer for fault in refusal.value.errors] == ["from", "interval", "currency"]


def test_a_period_may_not_end_before_it_begins() -> None:
    with pytest.raises(Malformed):
        read_question({Filter.FROM: "2026-11-02", Filter.TO: "2026-11-01"})
