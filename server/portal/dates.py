"""How days and times are printed: in the order and by the clock of the reader, in their zone.

Months are written in letters, so that no country misreads a day (`3 Nov 2026`, in the United States
`Nov 3, 2026`); they are words of the page, so they are in its language, as the rest of it. What a
reader's region decides is the order of day, month and year, whether the clock counts to 12 or to
24, and the mark between hours and minutes. Orders and clocks are those of Unicode's CLDR
(`dateFormats/medium`, `timeFormats/short`), for the regions that stand here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.portal.locales import current_region

_DASH = "\N{EN DASH}"

_SPACE = "\N{NO-BREAK SPACE}"
_MONTHS_LONG = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTHS = tuple(name[:3] for name in _MONTHS_LONG)


class _Order(Enum):
    DAY_FIRST = "3 Nov 2026"
    MONTH_FIRST = "Nov 3, 2026"
    YEAR_FIRST = "2026 Nov 3"


@dataclass(frozen=True)
class _Habit:
    """How a region writes days and times."""

    order: _Order = _Order.DAY_FIRST
    counts_to_12: bool = False
    mark: str = ":"


_US = _Habit(_Order.MONTH_FIRST, counts_to_12=True)

_HABITS: Mapping[str, _Habit] = MappingProxyType(
    {
        **dict.fromkeys(("en", "en-us", "en-ca", "en-ph"), _US),
        **dict.fromkeys(
            (
                *("en-ae", "en-au", "en-hk", "en-in", "en-my", "en-nz", "en-pk", "en-sg"),
                *("el", "es-ar", "es-co", "es-mx", "es-us"),
            ),
            _Habit(counts_to_12=True),
        ),
        **dict.fromkeys(("zh-hk", "zh-tw"), _Habit(_Order.YEAR_FIRST, counts_to_12=True)),
        **dict.fromkeys(("hu", "ja", "zh"), _Habit(_Order.YEAR_FIRST)),
        "ko": _Habit(_Order.YEAR_FIRST, counts_to_12=True),
        **dict.fromkeys(("da", "fi", "id"), _Habit(mark=".")),
    }
)
"""Locale in lower case → its habit; day first and 24 hours for who is not here."""


def _habit() -> _Habit:
    locale = current_region()
    language = locale.partition("-")[0]
    # English without a region is that of the United States; a region that is not named has not
    # its habits, but those of the rest of the world.
    if language == "en":
        return _HABITS.get(locale, _Habit())
    return _HABITS.get(locale) or _HABITS.get(language, _Habit())


def day(value: date, *, with_year: bool = True) -> str:
    """Return a day: `3 Nov 2026`, `Nov 3, 2026`."""
    return _joined(str(value.day), _MONTHS[value.month - 1], value.year if with_year else None)


def span(first: date, last: date) -> str:
    """Return a span of days: `1-22 November 2026`, `28 Oct - 3 Nov 2026`."""
    if (first.year, first.month) == (last.year, last.month):
        days = str(last.day) if first == last else f"{first.day}{_DASH}{last.day}"
        return _joined(days, _MONTHS_LONG[last.month - 1], last.year)
    # The first year is told where it is another one, and where it would stand apart from its day.
    with_year = first.year != last.year or _habit().order is _Order.YEAR_FIRST
    return f"{day(first, with_year=with_year)} {_DASH} {day(last)}"


def month(value: date) -> str:
    """Return a month: `Nov 2026`."""
    name = _MONTHS[value.month - 1]
    is_last = _habit().order is _Order.YEAR_FIRST
    return f"{value.year} {name}" if is_last else f"{name} {value.year}"


def clock_time(moment: datetime, zone: str, *, with_seconds: bool = False) -> str:
    """Return the time of day in the zone: `09:41`, `9:41 AM`."""
    local = moment.astimezone(ZoneInfo(zone))
    habit = _habit()
    rest = local.strftime("%M:%S" if with_seconds else "%M").replace(":", habit.mark)
    if not habit.counts_to_12:
        return f"{local.hour:02}{habit.mark}{rest}"
    half = "AM" if local.hour < 12 else "PM"  # noqa: PLR2004 - noon
    return f"{local.hour % 12 or 12}{habit.mark}{rest}{_SPACE}{half}"


def when(moment: datetime, now: datetime, zone: str) -> str:
    """Return a moment as short as it can be told: `just now`, `09:41`, `Yesterday`, `3 Nov`."""
    local, today = _days(moment, now, zone)
    if timedelta() <= now - moment < timedelta(minutes=1):
        return "just now"
    if local == today:
        return clock_time(moment, zone)
    if local == today - timedelta(days=1):
        return "Yesterday"
    return day(local, with_year=local.year != today.year)


def _day_in_words(moment: datetime, now: datetime, zone: str) -> str:
    """Return the day of a moment: `today`, `yesterday`, `3 Nov 2026`."""
    local, today = _days(moment, now, zone)
    if local == today:
        return "today"
    return "yesterday" if local == today - timedelta(days=1) else day(local)


def moment_in_words(
    moment: datetime, now: datetime, zone: str, *, with_seconds: bool = False
) -> str:
    """Return day and time: `today 09:41`, `yesterday 06:00`, `3 Nov 2026 06:00`."""
    time = clock_time(moment, zone, with_seconds=with_seconds)
    return f"{_day_in_words(moment, now, zone)} {time}"


def _days(moment: datetime, now: datetime, zone: str) -> tuple[date, date]:
    """Return the moment's day and today, in the zone."""
    return moment.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()


def _joined(days: str, month_name: str, year: int | None) -> str:
    match _habit().order:
        case _Order.DAY_FIRST:
            return f"{days} {month_name}" if year is None else f"{days} {month_name} {year}"
        case _Order.MONTH_FIRST:
            return f"{month_name} {days}" if year is None else f"{month_name} {days}, {year}"
        case _Order.YEAR_FIRST:
            return f"{month_name} {days}" if year is None else f"{year} {month_name} {days}"
