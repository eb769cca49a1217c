"""The dictionary of zones: for a zone and a local time its offset, and whether clocks changed.

Built from `zoneinfo` with the `tzdata` package, so every install agrees whatever its host has.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NORMAL, GAP, OVERLAP = 0, 1, 2

# Files tell of times since 2000; a margin of a year on the early side covers every offset. The far
# end is beyond any file's 48 hours into the future for the life of an installation.
_FIRST, _LAST = datetime(1999, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
# Shorter than any period between two changes since 1999 (Morocco's Ramadan is about 30 days).
_STEP = timedelta(days=14)

Interval = tuple[int, int, int, int, int]
"""Zone number, first and last local second (as if UTC), offset in seconds, kind."""


@cache
def zone_names() -> tuple[str, ...]:
    """Return every IANA zone name of the installed tzdata; a zone's number is its place from 1."""
    return tuple(
        sorted(
            name
            for name in available_timezones()
            # What hosts have beside the IANA names.
            if name not in ("localtime", "Factory") and not name.startswith(("posix/", "right/"))
        )
    )


def zone_number(zone: str) -> int:
    """Return the number of a zone, 0 for an unknown one."""
    names = zone_names()
    return names.index(zone) + 1 if zone in names else 0


def intervals(number: int, zone: str) -> Iterator[Interval]:
    """Yield the zone's local intervals in order, without a hole between them."""
    begins = -(2**62)
    offset = _offset(zone, _FIRST)
    for moment, following in _changes(zone):
        instant = int(moment.timestamp())
        before, after = instant + offset, instant + following
        low, high = min(before, after), max(before, after)
        yield (number, begins, low - 1, offset, NORMAL)
        # In a gap no instant exists; in an overlap the earlier one is taken: the old offset.
        yield (number, low, high - 1, offset, GAP if following > offset else OVERLAP)
        begins, offset = high, following
    yield (number, begins, 2**62, offset, NORMAL)


def _changes(zone: str) -> Iterator[tuple[datetime, int]]:
    moment, offset = _FIRST, _offset(zone, _FIRST)
    while moment < _LAST:
        following = moment + _STEP
        if _offset(zone, following) != offset:
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    high = middle
            offset = _offset(zone, high)
            yield high, offset
        moment = following


def _offset(zone: str, moment: datetime) -> int:
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
