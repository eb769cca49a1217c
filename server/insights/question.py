"""What is asked of a panel: the period in a zone, the bucket, the filters, read from a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from server.errors import FieldFault, Malformed
from server.insights.panel import Filter

# The range of DateTime64: an open end of a period is bound to it.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2299, 12, 31, tzinfo=UTC)

# As long as a file's name may be; no provider, account or method comes near it.
MAX_FILTER_CHARACTERS = 255

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[ +-]\d{2}:\d{2})")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


class Interval(StrEnum):
    """How wide a bucket is; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Question:
    """A period and filters; the default asks for everything, by days of UTC."""

    from_at: datetime = EARLIEST
    """Aware, UTC; the first moment that belongs to the period."""
    to_at: datetime = LATEST
    """Aware, UTC; the first moment that no longer belongs to it."""
    timezone: str = "UTC"
    interval: Interval = Interval.DAY
    provider: str = ""
    account: str = ""
    currency: str = ""
    payment_method: str = ""

    def bound(self, *, workspace_id: str, database: str) -> dict[str, object]:
        """Return the values a panel's SQL binds."""
        return {
            "database": database,
            "workspace": workspace_id,
            "from_at": _clickhouse_time(self.from_at),
            "to_at": _clickhouse_time(self.to_at),
            "timezone": self.timezone,
            "interval": self.interval.value,
            "provider": self.provider,
            "account": self.account,
            "currency": self.currency,
            "payment_method": self.payment_method,
        }


def read_question(parameters: Mapping[Filter, str | None]) -> Question:
    """Return the question that the query parameters ask.

    Args:
        parameters: the values as sent; absent and empty ones fall back to the default.

    Raises:
        Malformed: a value cannot be read; every fault at once, each pointing at its parameter.
    """
    faults: list[FieldFault] = []
    sent = {name: value.strip() for name, value in parameters.items() if value and value.strip()}

    zone = sent.get(Filter.TIMEZONE, "UTC")
    if zone not in _zones():
        faults.append(_fault(Filter.TIMEZONE, "Not an IANA time zone, as in Europe/Berlin."))
        zone = "UTC"
    from_at = _read_moment(Filter.FROM, sent, zone, faults) or EARLIEST
    to_at = _read_moment(Filter.TO, sent, zone, faults) or LATEST
    if from_at > to_at:
        faults.append(_fault(Filter.TO, "The period ends before it begins."))

    interval = sent.get(Filter.INTERVAL, Interval.DAY.value)
    if interval not in list(Interval):
        faults.append(_fault(Filter.INTERVAL, "One of day, week, month."))
        interval = Interval.DAY.value
    currency = sent.get(Filter.CURRENCY, "")
    if currency and not _CURRENCY.fullmatch(currency):
        faults.append(_fault(Filter.CURRENCY, "Three letters of ISO 4217, as in EUR."))
    for name in (Filter.PROVIDER, Filter.ACCOUNT, Filter.PAYMENT_METHOD):
        value = sent.get(name, "")
        if len(value) > MAX_FILTER_CHARACTERS or not value.isprintable():
            faults.append(
                _fault(name, f"At most {MAX_FILTER_CHARACTERS} characters, none of control.")
            )
    if faults:
        raise Malformed(errors=faults)
    return Question(
        from_at=from_at,
        to_at=to_at,
        timezone=zone,
        interval=Interval(interval),
        provider=sent.get(Filter.PROVIDER, ""),
        account=sent.get(Filter.ACCOUNT, ""),
        currency=currency.upper(),
        payment_method=sent.get(Filter.PAYMENT_METHOD, ""),
    )


@cache
def _zones() -> frozenset[str]:
    # Not places, and ClickHouse's own list of zones may lack them.
    return frozenset(available_timezones() - {"Factory", "localtime"})


def is_known_zone(name: str) -> bool:
    """Return whether the name is an IANA time zone that questions may be asked in."""
    return name in _zones()


def _read_moment(
    name: Filter, sent: Mapping[Filter, str], zone: str, faults: list[FieldFault]
) -> datetime | None:
    text = sent.get(name)
    if text is None:
        return None
    try:
        moment = _parse_moment(text, zone)
    except (ValueError, OverflowError):
        faults.append(
            _fault(
                name,
                "A date (2026-11-01) or an RFC 3339 time (2026-11-01T00:00:00Z).",
            )
        )
        return None
    return min(max(moment, EARLIEST), LATEST)


def _parse_moment(text: str, zone: str) -> datetime:
    if _DATE.fullmatch(text):
        # Where the clock jumps at midnight the day begins at the jump; where midnight comes twice,
        # at the first: both is what fold=0 does on the way to UTC.
        day = datetime.fromisoformat(text)
        return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if _TIME.fullmatch(text):
        # In a query a plus sign that was not escaped arrives as a space.
        return datetime.fromisoformat(text.upper().replace(" ", "+")).astimezone(UTC)
    message = "neither a date nor an RFC 3339 time"
    raise ValueError(message)


def _fault(name: Filter, detail: str) -> FieldFault:
    return FieldFault(pointer=name.value, code="malformed", detail=detail)


def _clickhouse_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
