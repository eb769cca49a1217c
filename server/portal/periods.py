"""The overview's period: which days, compared with which, cut into which buckets, in which zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from server.insights.question import Interval
from server.portal.dates import day, month, span
from server.portal.texts import Words
from server.portal.texts import gettext as _

THIS_MONTH = "this-month"
LAST_30_DAYS = "last-30-days"
LAST_12_MONTHS = "last-12-months"
CUSTOM = "custom"

NAMES = Words(
    {
        THIS_MONTH: "This month",
        LAST_30_DAYS: "Last 30 days",
        LAST_12_MONTHS: "Last 12 months",
        CUSTOM: "From … to …",
    }
)

# About as many bars as can be told apart on a laptop; beyond it the buckets widen.
_MOST_DAYS, _MOST_WEEKS = 62, 53


@dataclass(frozen=True)
class Period:
    """Whole days, both ends inside, and the days they are compared with."""

    name: str
    first: date
    last: date
    before_first: date
    before_last: date

    @property
    def interval(self) -> Interval:
        """Return the bucket that suits the length."""
        days = (self.last - self.first).days + 1
        if self.name != LAST_12_MONTHS and days <= _MOST_DAYS:
            return Interval.DAY
        if self.name != LAST_12_MONTHS and days <= _MOST_WEEKS * 7:
            return Interval.WEEK
        return Interval.MONTH

    def buckets(self) -> list[date]:
        """Return the first day of every bucket, also of those without data."""
        following, current = _STEPS[self.interval]
        bucket, buckets = current(self.first), []
        while bucket <= self.last:
            buckets.append(bucket)
            bucket = following(bucket)
        return buckets

    def label(self, bucket: date) -> str:
        """Return how a bucket is called on an axis."""
        return month(bucket) if self.interval is Interval.MONTH else day(bucket, with_year=False)

    def long_label(self, bucket: date) -> str:
        """Return how a bucket is called in a table or on hover."""
        match self.interval:
            case Interval.DAY:
                return day(bucket)
            case Interval.WEEK:
                return _("Week of %(day)s") % {"day": day(bucket)}
            case Interval.MONTH:
                return month(bucket)

    def sentence(self) -> str:
        """Return what is compared with what."""
        return _("%(period)s against %(before)s") % {
            "period": span(self.first, self.last),
            "before": span(self.before_first, self.before_last),
        }


def read_period(name: str, from_date: str, to_date: str, *, today: date) -> Period:
    """Return the period that is asked for; what cannot be read falls back to this month.

    Args:
        name: one of NAMES.
        from_date: ISO date, first day of a custom period.
        to_date: ISO date, its last day.
        today: in the reader's zone.
    """
    match name:
        case "last-30-days":
            return _with_days_before(name, today - timedelta(days=29), today)
        case "last-12-months":
            first = _months_before(today.replace(day=1), 11)
            return Period(name, first, today, _years_before(first), _years_before(today))
        case "custom":
            begin, end = _read_date(from_date), _read_date(to_date)
            if begin is not None and end is not None and begin <= end:
                return _with_days_before(name, begin, end)
            return month_to(today)
        case _:
            return month_to(today)


def month_to(today: date) -> Period:
    """Return this month so far, against as many days of the month before."""
    before = _months_before(today.replace(day=1), 1)
    month_end = today.replace(day=1) - timedelta(days=1)
    same_day = min(before + timedelta(days=today.day - 1), month_end)
    return Period(THIS_MONTH, today.replace(day=1), today, before, same_day)


def month_of(last_event: date) -> Period:
    """Return the whole month that a day lies in, against the month before."""
    first = last_event.replace(day=1)
    last = _months_before(first, -1) - timedelta(days=1)
    return Period(CUSTOM, first, last, _months_before(first, 1), first - timedelta(days=1))


def _with_days_before(name: str, first: date, last: date) -> Period:
    length = last - first
    before_last = first - timedelta(days=1) if first > date.min else first
    before_first = before_last - length if before_last - date.min > length else date.min
    return Period(name, first, last, before_first, before_last)


def _read_date(text: str) -> date | None:
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    # What ClickHouse's dates hold, with room for the days before.
    return parsed if date(1971, 1, 1) <= parsed <= date(2148, 12, 31) else None


def _months_before(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def _years_before(value: date) -> date:
    try:
        return value.replace(year=value.year - 1)
    except ValueError:  # 29 February
        return value.replace(year=value.year - 1, day=28)


_STEPS: dict[Interval, tuple[Callable[[date], date], Callable[[date], date]]] = {
    Interval.DAY: (lambda bucket: bucket + timedelta(days=1), lambda value: value),
    Interval.WEEK: (
        lambda bucket: bucket + timedelta(days=7),
        lambda value: value - timedelta(days=value.weekday()),
    ),
    Interval.MONTH: (lambda bucket: _months_before(bucket, -1), lambda value: value.replace(day=1)),
}
