"""The overview's charts: what `charts.js` draws, and the same numbers as a table."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from server.portal.counts import listed, rows_of_kind
from server.portal.figures import NONE, count, money, money_with_symbol, percent
from server.portal.numbers import Numbers, Sums
from server.portal.parts import Cell, ChartCard, Legend, Table
from server.portal.periods import Period
from server.portal.texts import gettext as _

# Six series can be told apart; the sixth gathers the rest.
_MOST_SERIES = 6


def slots_of(providers: Sequence[str]) -> dict[str, int]:
    """Return each provider's colour, 1 to 6: by its rank in the workspace over all time."""
    named = len(providers) if len(providers) <= _MOST_SERIES - 1 else _MOST_SERIES - 1
    return {
        provider: index + 1 if index < named else _MOST_SERIES
        for index, provider in enumerate(providers)
    }


def provider_name(code: str) -> str:
    """Return a provider's code as a name."""
    return _NAMES.get(code, code[:1].upper() + code[1:])


_NAMES = {"paypal": "PayPal", "checkout": "Checkout.com", "dlocal": "dLocal", "payu": "PayU"}


def csv_href(
    panel: str, period: Period, *, zone: str, currency: str, provider: str, to: date
) -> str:
    """Return the address that downloads what a card shows."""
    asked = {
        "from": period.first.isoformat(),
        "to": to.isoformat(),
        "timezone": zone,
        "interval": period.interval.value,
        "currency": currency,
        "provider": provider,
        "format": "csv",
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/analytics/insights/{panel}?{query}"


def volume_card(
    numbers: Numbers, period: Period, slots: Mapping[str, int], *, currency: str, csv: str
) -> ChartCard:
    """Return captured volume by provider, stacked per bucket."""
    buckets = period.buckets()
    found = {provider for _bucket, provider in numbers.volume}
    shown = sorted(found, key=lambda p: (slots.get(p, 6), p))
    named = [provider for provider in shown if slots.get(provider, _MOST_SERIES) < _MOST_SERIES]
    rest = [provider for provider in shown if provider not in named]
    series: list[tuple[str, int, list[Decimal]]] = [
        (provider_name(provider), slots[provider], _amounts(numbers, buckets, (provider,)))
        for provider in named
    ]
    if rest:
        name = provider_name(rest[0]) if len(rest) == 1 else _("Other")
        series.append((name, _MOST_SERIES, _amounts(numbers, buckets, rest)))
    names = [name for name, _slot, _values in series]
    total = sum((sums.captured for sums in numbers.volume.values()), Decimal(0))
    rows = []
    for index, bucket in enumerate(buckets):
        amounts = [values[index] for _name, _slot, values in series]
        cells = (*amounts, sum(amounts, Decimal(0)))
        rows.append((period.long_label(bucket), *(money(cell, currency) for cell in cells)))
    return ChartCard(
        chart_id="volume",
        title=_("Captured volume by provider"),
        csv_href=csv,
        summary=_captured_with(money_with_symbol(total, currency), names),
        legend=tuple(Legend(name, slot) for name, slot, _values in series),
        data={
            "kind": "stacked",
            "currency": currency,
            "labels": [period.label(bucket) for bucket in buckets],
            "titles": [period.long_label(bucket) for bucket in buckets],
            "grids": [
                {"series": [_series(name, slot, values, currency) for name, slot, values in series]}
            ],
        },
        table=_table(["", *names, _("Together")], rows),
    )


def _captured_with(amount: str, providers: Sequence[str]) -> str:
    if not providers:
        return _("%(amount)s captured with no provider.") % {"amount": amount}
    return _("%(amount)s captured with %(providers)s.") % {
        "amount": amount,
        "providers": listed(providers),
    }


def refunds_card(numbers: Numbers, period: Period, *, currency: str, csv: str) -> ChartCard:
    """Return captures above refunds, each on its own scale."""
    buckets = period.buckets()
    course = [numbers.course.get(bucket, Sums()) for bucket in buckets]
    captured = [sums.captured for sums in course]
    refunded = [sums.refunded for sums in course]
    rows = [
        (
            period.long_label(bucket),
            count(sums.captures),
            money(sums.captured, currency),
            count(sums.refunds),
            money(sums.refunded, currency),
            refund_rate(sums),
        )
        for bucket, sums in zip(buckets, course, strict=True)
    ]
    whole = sum(course, Sums())
    return ChartCard(
        chart_id="refunds",
        title=_("Captures against refunds"),
        csv_href=csv,
        summary=_("%(refunds)s against %(captures)s.")
        % {
            "refunds": rows_of_kind(whole.refunds, "refund"),
            "captures": rows_of_kind(whole.captures, "capture"),
        },
        legend=(Legend(_("Captured"), 1), Legend(_("Refunded, on a scale of its own"), 3)),
        data={
            "kind": "twin",
            "currency": currency,
            "labels": [period.label(bucket) for bucket in buckets],
            "titles": [period.long_label(bucket) for bucket in buckets],
            "grids": [
                {"series": [_series(_("Captured"), 1, captured, currency)]},
                {"series": [_series(_("Refunded"), 3, refunded, currency)]},
            ],
        },
        table=_table(
            [
                "",
                _("Captures"),
                _("Captured"),
                _("Refunds"),
                _("Refunded"),
                _("Refund rate"),
            ],
            rows,
        ),
    )


def refund_rate(sums: Sums) -> str:
    """Return refunds of captures, a dash where nothing was captured."""
    return percent(Decimal(sums.refunds) / sums.captures) if sums.captures else NONE


def _amounts(numbers: Numbers, buckets: Sequence[date], providers: Sequence[str]) -> list[Decimal]:
    return [
        sum((numbers.volume.get((b, p), Sums()).captured for p in providers), Decimal(0))
        for b in buckets
    ]


def _series(name: str, slot: int, values: Sequence[Decimal], currency: str) -> dict[str, object]:
    """Return a series: heights as floats for drawing, exact words for reading."""
    return {
        "name": name,
        "slot": slot,
        "values": [float(value) for value in values],
        "words": [money(value, currency) for value in values],
    }


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return Table(
        columns=tuple(columns),
        numeric=(False, *(True,) * len(columns[1:])),
        rows=tuple(tuple(Cell(text) for text in row) for row in rows),
    )
