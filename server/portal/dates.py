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
from server.portal.texts import Words
from server.portal.texts import gettext as _

_SPACE = "\N{NO-BREAK SPACE}"
_MONTHS_LONG = Words(
    {
        1: "January",
        2: "February",
        3: "March",
        4: "April",
        5: "May",
        6: "June",
        7: "July",
        8: "August",
        9: "September",
        10: "October",
        11: "November",
        12: "December",
    }
)
_MONTHS = Words(
    {
        1: "Jan",
        2: "Feb",
        3: "Mar",
        4: "Apr",
        5: "May",
        6: "Jun",
        7: "Jul",
        8: "Aug",
        9: "Sep",
        10: "Oct",
        11: "Nov",
        12: "Dec",
    },
    context="short",
)


class _Order(Enum):
    DAY_FIRST = "day"
    MONTH_FIRST = "month"
    YEAR_FIRST = "year"


_DAYS = Words(
    {
        _Order.DAY_FIRST: "%(day)s %(month)s %(year)s",
        _Order.MONTH_FIRST: "%(month)s %(day)s, %(year)s",
        _Order.YEAR_FIRST: "%(year)s %(month)s %(day)s",
    }
)
_DAYS_OF_A_YEAR = Words(
    {
        _Order.DAY_FIRST: "%(day)s %(month)s",
        _Order.MONTH_FIRST: "%(month)s %(day)s",
        _Order.YEAR_FIRST: "%(month)s %(day)s",
    }
)
"""The same where nobody needs to be told the year."""


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
    return _joined(str(value.day), _MONTHS[value.month], value.year if with_year else None)


def span(first: date, last: date) -> str:
    """Return a span of days: `1-22 November 2026`, `28 Oct - 3 Nov 2026`."""
    if (first.year, first.month) == (last.year, last.month):
        days = str(last.day) if first == last else f"{first.day}\N{EN DASH}{last.day}"
        return _joined(days, _MONTHS_LONG[last.month], last.year)
    # The first year is told where it is another one, and where it would stand apart from its day.
    with_year = first.year != last.year or _habit().order is _Order.YEAR_FIRST
    return _("%(first)s \N{EN DASH} %(last)s") % {
        "first": day(first, with_year=with_year),
        "last": day(last),
    }


def month(value: date) -> str:
    """Return a month: `Nov 2026`."""
    is_last = _habit().order is _Order.YEAR_FIRST
    told = _("%(year)s %(month)s") if is_last else _("%(month)s %(year)s")
    return told % {"month": _MONTHS[value.month], "year": value.year}


def clock_time(moment: datetime, zone: str, *, with_seconds: bool = False) -> str:
    """Return the time of day in the zone: `09:41`, `9:41 AM`."""
    local = moment.astimezone(ZoneInfo(zone))
    habit = _habit()
    rest = local.strftime("%M:%S" if with_seconds else "%M").replace(":", habit.mark)
    if not habit.counts_to_12:
        return f"{local.hour:02}{habit.mark}{rest}"
    half = _("AM") if local.hour < 12 else _("PM")  # noqa: PLR2004 - noon
    return f"{local.hour % 12 or 12}{habit.mark}{rest}{_SPACE}{half}"


def when(moment: datetime, now: datetime, zone: str) -> str:
    """Return a moment as short as it can be told: `just now`, `09:41`, `Yesterday`, `3 Nov`."""
    local, today = _days(moment, now, zone)
    if timedelta() <= now - moment < timedelta(minutes=1):
        return _("just now")
    if local == today:
        return clock_time(moment, zone)
    if local == today - timedelta(days=1):
        return _("Yesterday")
    return day(local, with_year=local.year != today.year)


def _day_in_words(moment: datetime, now: datetime, zone: str) -> str:
    """Return the day of a moment: `today`, `yesterday`, `3 Nov 2026`."""
    local, today = _days(moment, now, zone)
    if local == today:
        return _("today")
    return _("yesterday") if local == today - timedelta(days=1) else day(local)


def moment_in_words(
    moment: datetime, now: datetime, zone: str, *, with_seconds: bool = False
) -> str:
    """Return day and time: `today 09:41`, `yesterday 06:00`, `3 Nov 2026 06:00`."""
    time = clock_time(moment, zone, with_seconds=with_seconds)
    return _("%(day)s %(time)s") % {"day": _day_in_words(moment, now, zone), "time": time}


def _days(moment: datetime, now: datetime, zone: str) -> tuple[date, date]:
    """Return the moment's day and today, in the zone."""
    return moment.astimezone(ZoneInfo(zone)).date(), now.astimezone(ZoneInfo(zone)).date()


def _joined(days: str, month_name: str, year: int | None) -> str:
    forms = _DAYS if year is not None else _DAYS_OF_A_YEAR
    return forms[_habit().order] % {"day": days, "month": month_name, "year": year}
