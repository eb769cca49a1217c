"""A made-up merchant's movements of money, the same for the same seed, in the order of time.

`sample.py` writes them down as each dataset wants them: samples of several datasets with one seed,
count and window tell of the same captures and refunds, so that they can be reconciled.
"""

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final

from server.datasets.currencies import EXPONENTS

CAPTURE: Final = "capture"
REFUND: Final = "refund"

CARD: Final = "card"
METHODS: Final = (CARD, "paypal", "ideal", "klarna")
_METHOD_WEIGHTS: Final = (70, 15, 9, 6)

_PROVIDERS: Final = ("adyen", "checkout", "stripe", "braintree")
_PROVIDER_WEIGHTS: Final = (45, 25, 20, 10)

# Currency → how often, the merchant's account for it, and what 1 EUR is about.
_CURRENCIES: Final = {
    "EUR": (55, "NorthwindEU", 1.0),
    "USD": (22, "NorthwindUS", 1.1),
    "GBP": (16, "NorthwindUK", 0.85),
    "JPY": (7, "NorthwindJP", 160.0),
}
_CURRENCY_WEIGHTS: Final = tuple(weight for weight, _, _ in _CURRENCIES.values())

_REFUND_SHARE: Final = 0.22
# Captures that a refund may still belong to; bounds the memory of a long sample.
_REFUNDABLE: Final = 2000

# Monday to Sunday, and 0 to 23 o'clock: shops sell in the evening and at the week's end.
_WEEKDAYS: Final = (0.90, 0.86, 0.90, 0.96, 1.15, 1.32, 1.12)
_HOURS: Final = (
    4,
    2,
    1,
    1,
    1,
    2,
    4,
    7,
    10,
    12,
    13,
    14,
    15,
    14,
    13,
    13,
    14,
    16,
    18,
    20,
    19,
    15,
    11,
    7,
)

# Serials have eleven digits: fewer than the shortest card number has.
SERIALS: Final = 10**11


@dataclass(frozen=True)
class Window:
    """The time that movements happen in: half open, aware UTC, whole hours."""

    begins: datetime
    ends: datetime

    @classmethod
    def last_days(cls, days: int, now: datetime) -> "Window":
        """Return the whole UTC days before today."""
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(today - timedelta(days=days), today)


@dataclass(frozen=True)
class Movement:
    """A capture, or the refund of an earlier one."""

    serial: int
    """Eleven digits at most; no two movements of a seed share it."""
    payment: int
    """The serial of the capture: its own, or that of the capture a refund belongs to."""
    kind: str
    happened_at: datetime
    provider: str
    account: str
    currency: str
    amount: Decimal
    """Above zero, with the digits of its currency."""
    method: str


def movements(count: int, *, seed: int, window: Window) -> Iterator[Movement]:
    """Yield the movements in the order of time; memory does not grow with count.

    Args:
        count: how many, 1 or more; they are spread over the whole window.
        seed: what they are drawn from; another seed gives other serials.
        window: when they happen.
    """
    chance = random.Random(f"movements of {seed}")  # noqa: S311 - made up, nothing secret
    first = chance.randrange(SERIALS)
    calendar = _Calendar(window)
    refundable: list[Movement] = []
    for number in range(count):
        serial = (first + number) % SERIALS
        happened_at = calendar.moment((number + chance.random()) / count)
        if refundable and chance.random() < _REFUND_SHARE:
            place = chance.randrange(len(refundable))
            refundable[place], refundable[-1] = refundable[-1], refundable[place]
            yield _refund(refundable.pop(), serial, happened_at, chance)
            continue
        capture = _capture(serial, happened_at, chance)
        if len(refundable) < _REFUNDABLE:
            refundable.append(capture)
        else:
            refundable[chance.randrange(_REFUNDABLE)] = capture
        yield capture


def _capture(serial: int, happened_at: datetime, chance: random.Random) -> Movement:
    (currency,) = chance.choices(tuple(_CURRENCIES), _CURRENCY_WEIGHTS)
    _, account, rate = _CURRENCIES[currency]
    euros = min(max(chance.lognormvariate(3.7, 0.9), 1.0), 5000.0)
    return Movement(
        serial=serial,
        payment=serial,
        kind=CAPTURE,
        happened_at=happened_at,
        provider=chance.choices(_PROVIDERS, _PROVIDER_WEIGHTS)[0],
        account=account,
        currency=currency,
        amount=rounded(Decimal(euros * rate), currency),
        method=chance.choices(METHODS, _METHOD_WEIGHTS)[0],
    )


def _refund(
    capture: Movement, serial: int, happened_at: datetime, chance: random.Random
) -> Movement:
    is_partial = chance.random() < 0.3  # noqa: PLR2004 - most customers send everything back
    share = Decimal(chance.randrange(20, 90)) / 100 if is_partial else Decimal(1)
    return Movement(
        serial=serial,
        payment=capture.payment,
        kind=REFUND,
        happened_at=happened_at,
        provider=capture.provider,
        account=capture.account,
        currency=capture.currency,
        amount=rounded(capture.amount * share, capture.currency),
        method=capture.method,
    )


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount with the digits of its currency; at least its smallest unit."""
    unit = Decimal(1).scaleb(-EXPONENTS[currency])
    return max(amount.quantize(unit), unit)


class _Calendar:
    """Which moment of the window lies behind a given share of its business."""

    def __init__(self, window: Window) -> None:
        self._begins = window.begins
        count = int((window.ends - window.begins) / timedelta(hours=1))
        hours = (window.begins + timedelta(hours=number) for number in range(count))
        weights = [_WEEKDAYS[hour.weekday()] * _HOURS[hour.hour] for hour in hours]
        self._until = list(accumulate(weights, initial=0.0))

    def moment(self, share: float) -> datetime:
        """Return the moment; share is 0 to below 1."""
        reached = share * self._until[-1]
        hour = min(bisect(self._until, reached), len(self._until) - 1) - 1
        before, after = self._until[hour], self._until[hour + 1]
        seconds = int(3600 * (hour + min((reached - before) / (after - before), 1 - 1e-9)))
        return self._begins + timedelta(seconds=seconds)
