"""The dictionary of zones: for a zone and a local time its offset, and whether clocks changed.

Built from `zoneinfo` with the `tzdata` package, so every install agrees whatever its host has.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

NORMAL, GAP, OVERLAP = 0, 1, 2

KIND_BITS = 2
"""How many low bits of a packed offset are the kind of the local time; those above, its seconds."""

# Files tell of times since 2000; a margin of a year on the early side covers every offset. The far
# end is beyond any file's 48 hours into the future for the life of an installation.
_FIRST, _LAST = datetime(1999, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
# Shorter than any period between two changes since 1999 (Morocco's Ramadan is about 30 days).
_STEP = timedelta(days=14)

Interval = tuple[int, int, int, int, int]
"""Zone number, first and last local second (as if UTC), offset in seconds, kind."""


def packed_offset(offset_seconds: int, kind: int) -> int:
    """Return both in one number: a dictionary looks up every attribute anew, at full cost."""
    return (offset_seconds << KIND_BITS) | kind


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


@cache
def all_intervals() -> tuple[Interval, ...]:
    """Return the intervals of every zone, by its number; to find them takes a second."""
    return tuple(
        interval
        for number, zone in enumerate(zone_names(), start=1)
        for interval in intervals(number, zone)
    )


def intervals(number: int, zone: str) -> Iterator[Interval]:
    """Yield the zone's local intervals in order, without a hole between them."""
    begins = -(2**62)
    info = ZoneInfo(zone)
    offset = _seconds(_offset(info, _FIRST))
    for moment, next_offset in _changes(info):
        instant, following = int(moment.timestamp()), _seconds(next_offset)
        before, after = instant + offset, instant + following
        low, high = min(before, after), max(before, after)
        yield (number, begins, low - 1, offset, NORMAL)
        # In a gap no instant exists; in an overlap the earlier one is taken: the old offset.
        yield (number, low, high - 1, offset, GAP if following > offset else OVERLAP)
        begins, offset = high, following
    yield (number, begins, 2**62, offset, NORMAL)


def _changes(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    moments = _moments()
    offsets = [_offset(zone, moment) for moment in moments]
    for place, following in enumerate(offsets[1:]):
        if following == offsets[place]:
            continue
        low, high = moments[place], moments[place + 1]
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) // 2
            middle = middle.replace(microsecond=0)
            if _offset(zone, middle) == offsets[place]:
                low = middle
            else:
                high = middle
        yield high, following


@cache
def _moments() -> tuple[datetime, ...]:
    return tuple(_FIRST + _STEP * step for step in range((_LAST - _FIRST) // _STEP + 2))


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _seconds(offset: timedelta) -> int:
    return int(offset.total_seconds())
