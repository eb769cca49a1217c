"""How numbers and sizes are printed: by the reader's locale, exact, units told."""

from decimal import ROUND_HALF_UP, Decimal

from server.datasets.currencies import EXPONENTS
from server.portal.locales import localised
from server.portal.parts import Spark
from server.portal.texts import Words
from server.portal.texts import gettext as _

NONE = "\N{EN DASH}"

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$"}
_SIZES = Words(
    {
        0: "%(number)s\N{NO-BREAK SPACE}B",
        1: "%(number)s\N{NO-BREAK SPACE}kB",
        2: "%(number)s\N{NO-BREAK SPACE}MB",
        3: "%(number)s\N{NO-BREAK SPACE}GB",
        4: "%(number)s\N{NO-BREAK SPACE}TB",
    }
)
"""Power of 1000 → a size in it."""


def count(number: int | None) -> str:
    """Return the number with thousands apart, a dash for none."""
    return NONE if number is None else localised(f"{number:,}")


def money(amount: Decimal, currency: str) -> str:
    """Return the amount with thousands apart and the digits of its currency, or more if exact."""
    digits = EXPONENTS.get(currency, 2)
    fraction = f"{amount:f}".partition(".")[2]
    digits = max(digits, len(fraction.rstrip("0")))
    return localised(f"{amount:,.{digits}f}").replace("-", "\N{MINUS SIGN}")


def money_with_symbol(amount: Decimal, currency: str) -> str:
    """Return the amount after its symbol, or after its code where there is none."""
    rounded = amount.quantize(Decimal(1).scaleb(-EXPONENTS.get(currency, 2)), ROUND_HALF_UP)
    return f"{_SYMBOLS.get(currency, currency)}\N{NO-BREAK SPACE}{money(rounded, currency)}"


def percent(ratio: Decimal, digits: int = 2) -> str:
    """Return a ratio as a percentage: 0.0291 is `2.91 %`."""
    rounded = (ratio * 100).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{localised(f'{rounded:,}')}\N{NO-BREAK SPACE}%"


def size(size_bytes: int | None) -> str:
    """Return a size in decimal units, as browsers and stores tell it: `11.8 MB`."""
    if size_bytes is None:
        return NONE
    value, unit = float(size_bytes), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:  # noqa: PLR2004 - three digits are shown
        value, unit = value / 1000, unit + 1
    shown = f"{value:.0f}" if unit == 0 or value >= 99.95 else f"{value:.1f}"  # noqa: PLR2004
    return _SIZES[unit] % {"number": localised(shown)}


def limit(size_bytes: int) -> str:
    """Return a limit as it was set: `5 GiB` when it is a whole number of those."""
    whole, rest = divmod(size_bytes, 2**30)
    if not whole or rest:
        return size(size_bytes)
    return _("%(number)s\N{NO-BREAK SPACE}GiB") % {"number": count(whole)}


def seconds(duration: float | None) -> str:
    """Return a duration: `0.2 s`, `3 min 5 s`."""
    if duration is None:
        return ""
    if duration < 0.05:  # noqa: PLR2004 - it would be printed as none at all
        return _("< %(number)s s") % {"number": localised("0.1")}
    if duration < 100:  # noqa: PLR2004 - beyond it minutes read better
        return _("%(number)s s") % {"number": localised(f"{duration:.1f}")}
    minutes, rest = divmod(round(duration), 60)
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}


def spark(values: list[Decimal]) -> Spark | None:
    """Return the line of the values between the lowest and the highest; None for under three."""
    if len(values) < 3 or not any(values):  # noqa: PLR2004 - two points are no course
        return None
    low, high = min(values), max(values)
    low = low if high > low else Decimal(0)
    step = 100 / (len(values) - 1)
    points = [
        f"{index * step:.2f},{30 - float((value - low) / (high - low)) * 28:.2f}"
        for index, value in enumerate(values)
    ]
    line = " ".join(points)
    return Spark(line=line, area=f"0,32 {line} 100,32")
