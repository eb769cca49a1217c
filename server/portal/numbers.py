"""What the overview asks of the insights, in one go, typed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.insights.cells import Cell
from server.insights.question import Question
from server.insights.service import Insights
from server.portal.periods import Period


@dataclass(frozen=True)
class Sums:
    """Captures and refunds of one bucket, provider or currency."""

    captures: int = 0
    captured: Decimal = Decimal(0)
    refunds: int = 0
    refunded: Decimal = Decimal(0)

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together; of one currency only."""
        return Sums(
            self.captures + other.captures,
            self.captured + other.captured,
            self.refunds + other.refunds,
            self.refunded + other.refunded,
        )


@dataclass(frozen=True)
class Extent:
    """What the workspace has at all: shapes the filters, the colours and the default period."""

    currencies: tuple[str, ...]
    """The one with most rows first."""
    providers: tuple[str, ...]
    """The one with most rows first: a provider keeps its colour whatever is filtered."""
    last_event_at: datetime | None


@dataclass(frozen=True)
class Numbers:
    """The period's numbers in one currency, and the totals of all currencies side by side."""

    volume: Mapping[tuple[date, str], Sums]
    """By bucket and provider."""
    course: Mapping[date, Sums]
    """By bucket."""
    before: Sums
    """The whole period before."""
    by_provider: Mapping[str, Sums]
    by_currency: Mapping[str, Sums]
    as_of: datetime


async def read_extent(insights: Insights, workspace_id: str) -> Extent:
    """Return what the workspace has, over all time."""
    answer = await insights.answer("volume-by-provider", Question(), workspace_id=workspace_id)
    currencies: dict[str, int] = {}
    providers: dict[str, int] = {}
    last_event_at: datetime | None = None
    for row in answer.records():
        sums = _sums(row)
        rows = sums.captures + sums.refunds
        currency, provider = str(row["currency"]), str(row["provider"])
        currencies[currency] = currencies.get(currency, 0) + rows
        providers[provider] = providers.get(provider, 0) + rows
        at = datetime.fromisoformat(str(row["lastEventAt"]))
        last_event_at = max(at, last_event_at or at)
    return Extent(_ranked(currencies), _ranked(providers), last_event_at)


async def read_numbers(
    insights: Insights,
    workspace_id: str,
    period: Period,
    *,
    zone: str,
    currency: str,
    provider: str,
) -> Numbers:
    """Return the numbers of the period and of the one before."""

    def question(first: date, last: date, *, only: str = currency) -> Question:
        return Question(
            from_at=_midnight(first, zone),
            to_at=_midnight(last + timedelta(days=1), zone),
            timezone=zone,
            interval=period.interval,
            currency=only,
            provider=provider,
        )

    now = question(period.first, period.last)
    earlier = question(period.before_first, period.before_last)
    every_currency = question(period.first, period.last, only="")
    volume, course, before, totals = await asyncio.gather(
        insights.answer("volume-over-time", now, workspace_id=workspace_id),
        insights.answer("captures-and-refunds", now, workspace_id=workspace_id),
        insights.answer("volume-by-provider", earlier, workspace_id=workspace_id),
        insights.answer("volume-by-provider", every_currency, workspace_id=workspace_id),
    )
    by_currency: dict[str, Sums] = {}
    for row in totals.records():
        code = str(row["currency"])
        by_currency[code] = by_currency.get(code, Sums()) + _sums(row)
    return Numbers(
        volume={(_day(row), str(row["provider"])): _sums(row) for row in volume.records()},
        course={_day(row): _sums(row) for row in course.records()},
        before=sum((_sums(row) for row in before.records()), Sums()),
        by_provider={
            str(row["provider"]): _sums(row)
            for row in totals.records()
            if row["currency"] == currency
        },
        by_currency=by_currency,
        as_of=course.as_of,
    )


def _sums(row: Mapping[str, Cell]) -> Sums:
    return Sums(
        captures=int(row.get("captures") or 0),
        captured=Decimal(row.get("capturedAmount") or 0),
        refunds=int(row.get("refunds") or 0),
        refunded=Decimal(row.get("refundedAmount") or 0),
    )


def _day(row: Mapping[str, Cell]) -> date:
    return date.fromisoformat(str(row["bucket"]))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _ranked(rows: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(rows, key=lambda name: (-rows[name], name)))
