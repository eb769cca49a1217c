"""What a full card number looks like: one rule, for texts here and for cells in ClickHouse.

Source of the rule: PCI DSS 3 (a primary account number is kept unreadable or not at all). A Luhn
check alone finds a card number in one of ten random ones; so a number counts only when it stands
alone between other characters, begins as one of a card scheme, has that scheme's length, and
passes Luhn (ISO/IEC 7812-1). Numbers are looked for as they stand, and as people group them.

`cards.py` says the same in SQL for the cells of a file; here it is asked of names and labels, which
are few.
"""

import re

# Alone; four by four (and up to three more); as American Express prints them; any single blanks.
WRITTEN = (
    "[0-9]+",
    "(?:^|[^0-9])([0-9]{4}(?:[ -][0-9]{4}){3})(?:[^0-9]|$)",
    "(?:^|[^0-9])([0-9]{4}(?:[ -][0-9]{4}){3}[ -][0-9]{1,3})(?:[^0-9]|$)",
    "(?:^|[^0-9])([0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})(?:[^0-9]|$)",
    "[0-9](?:[ -]?[0-9])+",
)
_SCHEMES = (
    "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})",  # Visa
    "5[1-5][0-9]{14}",  # Mastercard
    "2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}",
    "3[47][0-9]{13}",  # American Express
    "(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}",  # Discover
    "3(?:0[0-5]|[689][0-9])[0-9]{11,16}",  # Diners Club
    "35(?:2[89]|[3-8][0-9])[0-9]{12,15}",  # JCB
    "62[0-9]{14,17}",  # UnionPay
    "(?:50|5[6-9]|6[0-9])[0-9]{11,17}",  # Maestro
)
SCHEME = f"^(?:{'|'.join(_SCHEMES)})$"
# UUIDs and digests: the digits in them pass for a card's by chance, some hundred in a million.
HASHED = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32,}"

_WRITTEN = tuple(re.compile(written) for written in WRITTEN)
_SCHEME = re.compile(SCHEME)
_HASHED = re.compile(HASHED)


def holds_card_number(text: str) -> bool:
    """Return whether a full card number stands in the text."""
    plain = _HASHED.sub(" ", text)
    found = (re.sub("[ -]", "", number) for form in _WRITTEN for number in form.findall(plain))
    return any(_SCHEME.match(digits) and _passes_luhn(digits) for digits in found)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if place % 2 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the sum of its digits
    return total % 10 == 0
