"""Puts the overview together from the numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

from server.portal.charts import (
    csv_href,
    provider_name,
    refund_rate,
    refunds_card,
    slots_of,
    volume_card,
)
from server.portal.contexts import OverviewPage, Shell
from server.portal.counts import rows_of_kind
from server.portal.dates import clock_time, day
from server.portal.figures import NONE, count, money, money_with_symbol, percent, spark
from server.portal.numbers import Extent, Numbers, Sums
from server.portal.parts import Cell, Choice, Figure, FileLine, Option, Table
from server.portal.periods import CUSTOM, NAMES, Period
from server.portal.texts import gettext as _


@dataclass(frozen=True)
class Asked:
    """What the reader chose, after defaults."""

    period: Period
    currency: str
    provider: str
    """Empty for all."""


def overview_page(
    shell: Shell, asked: Asked, extent: Extent, numbers: Numbers, newest: Sequence[FileLine]
) -> OverviewPage:
    """Return the overview."""
    period, currency = asked.period, asked.currency
    slots = slots_of(extent.providers)
    after = period.last + timedelta(days=1)

    def csv(panel: str, only: str = currency) -> str:
        return csv_href(
            panel, period, zone=shell.zone, currency=only, provider=asked.provider, to=after
        )

    notice = None
    if extent.last_event_at is not None and not numbers.by_currency:
        notice = _("Nothing was captured in this period. The newest row is of %(day)s.") % {
            "day": day(extent.last_event_at.date())
        }
    return OverviewPage(
        shell=shell,
        sentence=_("%(periods)s · days in %(zone)s · as of %(time)s")
        % {
            "periods": period.sentence(),
            "zone": shell.zone,
            "time": clock_time(numbers.as_of, shell.zone),
        },
        currencies=tuple(
            Choice(code, _href(asked, currency=code), code == currency)
            for code in extent.currencies
        ),
        providers=(
            Option("", _("All providers"), not asked.provider),
            *(
                Option(code, provider_name(code), code == asked.provider)
                for code in sorted(extent.providers)
            ),
        ),
        periods=tuple(Option(name, label, name == period.name) for name, label in NAMES.items()),
        currency=currency,
        is_custom=period.name == CUSTOM,
        from_date=period.first.isoformat(),
        to_date=period.last.isoformat(),
        figures=_figures(numbers, period, currency),
        volume=volume_card(numbers, period, slots, currency=currency, csv=csv("volume-over-time")),
        refunds=refunds_card(numbers, period, currency=currency, csv=csv("captures-and-refunds")),
        by_provider=_by_provider(numbers, slots, currency),
        by_currency=_by_currency(numbers),
        newest=tuple(newest),
        is_empty=extent.last_event_at is None,
        notice=notice,
    )


def _href(asked: Asked, *, currency: str) -> str:
    chosen = {"currency": currency, "provider": asked.provider, "period": asked.period.name}
    if asked.period.name == CUSTOM:
        chosen["from"] = asked.period.first.isoformat()
        chosen["to"] = asked.period.last.isoformat()
    return "/?" + urlencode({name: value for name, value in chosen.items() if value})


def _figures(numbers: Numbers, period: Period, currency: str) -> tuple[Figure, ...]:
    now, before = sum(numbers.course.values(), Sums()), numbers.before
    # The last bucket may still be filling up; its fall would look like news.
    course = [numbers.course.get(bucket, Sums()) for bucket in period.buckets()[:-1]]

    def line(value: Callable[[Sums], Decimal]) -> list[Decimal]:
        return [value(sums) for sums in course]

    rate_change, rate_words = _points(_rate(now), _rate(before))
    volume_change, volume_words = _relative(now.captured, before.captured)
    refund_change, refund_words = _relative(now.refunded, before.refunded)
    mean_change, mean_words = _relative(_mean(now), _mean(before))
    return (
        Figure(
            _("Captured volume"),
            money_with_symbol(now.captured, currency),
            rows_of_kind(now.captures, "capture"),
            volume_change,
            volume_words,
            spark(line(lambda sums: sums.captured)),
        ),
        Figure(
            _("Refund rate"),
            refund_rate(now),
            _("%(refunds)s of %(captures)s")
            % {"refunds": count(now.refunds), "captures": count(now.captures)},
            rate_change,
            rate_words,
            spark(line(lambda sums: _rate(sums) or Decimal(0))),
        ),
        Figure(
            _("Refunded"),
            money_with_symbol(now.refunded, currency),
            rows_of_kind(now.refunds, "refund"),
            refund_change,
            refund_words,
            spark(line(lambda sums: sums.refunded)),
        ),
        Figure(
            _("Average capture"),
            money_with_symbol(_mean(now), currency) if now.captures else NONE,
            _("captured volume per capture"),
            mean_change,
            mean_words,
            spark(line(_mean)),
        ),
    )


def _rate(sums: Sums) -> Decimal | None:
    return Decimal(sums.refunds) / sums.captures if sums.captures else None


def _mean(sums: Sums) -> Decimal:
    return sums.captured / sums.captures if sums.captures else Decimal(0)


def _relative(now: Decimal, before: Decimal) -> tuple[str | None, str | None]:
    if not before or not now:
        return None, None
    return _arrow(now - before, percent(abs(now - before) / before, digits=1))


def _points(now: Decimal | None, before: Decimal | None) -> tuple[str | None, str | None]:
    if now is None or before is None:
        return None, None
    number = percent(abs(now - before)).removesuffix("\N{NO-BREAK SPACE}%")
    points = _("%(number)s\N{NO-BREAK SPACE}pt") % {"number": number}
    return _arrow(now - before, points)


def _arrow(change: Decimal, shown: str) -> tuple[str, str]:
    if not change or not any(digit in "123456789" for digit in shown):
        return "= 0", _("unchanged")
    if change > 0:
        return f"▲ {shown}", _("up %(change)s") % {"change": shown}
    return f"▼ {shown}", _("down %(change)s") % {"change": shown}


def _by_provider(numbers: Numbers, slots: dict[str, int], currency: str) -> Table:
    total = sum((sums.captured for sums in numbers.by_provider.values()), Decimal(0))
    ranked = sorted(numbers.by_provider.items(), key=lambda item: (-item[1].captured, item[0]))
    rows = []
    for provider, sums in ranked:
        share = sums.captured / total if total else Decimal(0)
        rows.append(
            (
                Cell(provider_name(provider), slot=slots.get(provider, 6)),
                Cell(count(sums.captures)),
                Cell(money(sums.captured, currency)),
                Cell(percent(share, digits=1), share=float(share * 100)),
                Cell(refund_rate(sums)),
            )
        )
    return Table(
        (_("Provider"), _("Captures"), _("Captured"), _("Share"), _("Refund rate")),
        (False, True, True, False, True),
        tuple(rows),
    )


def _by_currency(numbers: Numbers) -> Table:
    return Table(
        (_("Currency"), _("Captures"), _("Captured"), _("Refunded"), _("Refund rate")),
        (False, True, True, True, True),
        tuple(
            (
                Cell(code),
                Cell(count(sums.captures)),
                Cell(money(sums.captured, code)),
                Cell(money(sums.refunded, code)),
                Cell(refund_rate(sums)),
            )
            for code, sums in sorted(
                numbers.by_currency.items(), key=lambda item: (-item[1].captures, item[0])
            )
        ),
    )
