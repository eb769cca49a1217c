"""Declared forms of dates and times, turned into ISO 8601 text inside ClickHouse.

A form is written with a few tokens (`DD.MM.YYYY HH:mm`); a text is rewritten only when it has
exactly that form. Whether there is such a day is asked of the ISO text by `moments.py`, as of any
other. Used by `mapping.py`.
"""

import re
from dataclasses import dataclass
from typing import Final

from server.datasets.sql import array, quoted

ISO: Final = "ISO8601"
"""The form that needs no declaring, to be named beside others."""

_TOKENS: Final = {
    "YYYY": "([0-9]{4})",
    "YY": "([0-9]{2})",
    "MMM": "([A-Za-z]{3})",
    "MM": "([0-9]{2})",
    "M": "([0-9]{1,2})",
    "DD": "([0-9]{2})",
    "D": "([0-9]{1,2})",
    "HH": "([0-9]{2})",
    "H": "([0-9]{1,2})",
    "hh": "(0[1-9]|1[0-2])",
    "h": "(0?[1-9]|1[0-2])",
    "mm": "([0-9]{2})",
    "ss": "([0-9]{2})",
    "S": "([0-9]{1,9})",
    "A": "([AaPp][Mm])",
    "Z": "([Zz]|[+-][0-9]{2}:?[0-9]{2})",
}
# The longest first: `MMM` is not `MM` and `M`.
_TOKEN: Final = re.compile("|".join(sorted(_TOKENS, key=len, reverse=True)))
_LITERAL: Final = re.compile(r"[ T.,:/\-]")
_YEARS, _MONTHS, _DAYS = ("YYYY", "YY"), ("MMM", "MM", "M"), ("DD", "D")
_HOURS, _HALF_DAYS = ("HH", "H", "hh", "h"), ("hh", "h")
_NAMES: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

VOCABULARY: Final = (
    "YYYY or YY; MM, M or MMM (Jan); DD or D; HH or H, or hh or h with A (AM, PM); mm; ss;"
    " S (1 to 9 digits of a second); Z (Z, +02:00); between them space T . , : / -; or ISO8601"
)


class UnknownForm(ValueError):
    """The form cannot be read: the message says why."""


@dataclass(frozen=True)
class _Form:
    pattern: str
    """RE2, with a group for every token."""
    iso: str
    """What the groups are put together to, in the syntax of replaceRegexpOne."""
    tokens: frozenset[str]


def check_form(form: str) -> None:
    """Return when the form can be read.

    Raises:
        UnknownForm: it cannot; the message says why.
    """
    if form != ISO:
        _read(form)


def iso_text(text: str, forms: tuple[str, ...]) -> str:
    """Return the expression of a text of one of the forms as ISO 8601; an empty text stays empty.

    A text of none of them is no time: it becomes one that `moments.py` reads as such.
    """
    arms = []
    for form in forms:
        if form == ISO:
            arms.append(f"match({text}, '^[0-9]{{4}}-'), {text}")
        else:
            read = _read(form)
            arms.append(f"match({text}, {quoted(read.pattern)}), {_rewritten(text, read)}")
    return f"multiIf({', '.join(arms)}, empty(trimBoth({text})), {text}, concat('?', {text}))"


def _read(form: str) -> _Form:
    pattern, tokens, place = "", list[str](), 0
    while place < len(form):
        token = _TOKEN.match(form, place)
        if token is not None:
            tokens.append(token.group())
            pattern += _TOKENS[token.group()]
        elif _LITERAL.match(form[place]):
            pattern += re.escape(form[place])
        else:
            message = f"{form[place]!r} is none of: {VOCABULARY}"
            raise UnknownForm(message)
        place = token.end() if token else place + 1
    _check_tokens(tokens)
    return _Form(f"^{pattern}$", _iso(tokens), frozenset(tokens))


def _check_tokens(tokens: list[str]) -> None:
    def count(*some: str) -> int:
        return sum(tokens.count(token) for token in some)

    hours, minutes, halves = count(*_HOURS), count("mm"), count(*_HALF_DAYS)
    faults = {
        "it needs the year, the month and the day once": [
            count(*one) == 1 for one in (_YEARS, _MONTHS, _DAYS)
        ],
        "a token stands twice": [len(set(tokens)) == len(tokens), hours <= 1],
        "hours and minutes go together": [hours == minutes],
        "hh and h need A, and A needs one of them": [halves == count("A")],
        "seconds need minutes, and their fraction S needs ss": [
            count("ss") <= minutes,
            count("S") <= count("ss"),
        ],
        "an offset Z needs a time": [count("Z") <= hours],
    }
    for message, holds in faults.items():
        if not all(holds):
            raise UnknownForm(message)


def _iso(tokens: list[str]) -> str:
    groups = {token: f"\\{place}" for place, token in enumerate(tokens, start=1)}

    def group(*some: str) -> str:
        return next((groups[token] for token in some if token in groups), "")

    century = "20" if "YY" in groups else ""
    day = f"{century}{group(*_YEARS)}-{group(*_MONTHS)}-{group(*_DAYS)}"
    if "mm" not in groups:
        return day
    seconds = f":{group('ss')}" if "ss" in groups else ""
    fraction = f".{group('S')}" if "S" in groups else ""
    # AM or PM leads the hour until both are one (_rewritten).
    return f"{day} {group('A')}{group(*_HOURS)}:{group('mm')}{seconds}{fraction}{group('Z')}"


def _rewritten(text: str, form: _Form) -> str:
    written = f"replaceRegexpOne({text}, {quoted(form.pattern)}, {quoted(form.iso)})"
    if "MMM" in form.tokens:
        numbers = array(f"{number:02d}" for number in range(1, 13))
        name = "lower(substring(x, 6, 3))"
        month = f"transform({name}, {array(_NAMES)}, {numbers}, '??')"
        written = _let(written, f"concat(substring(x, 1, 5), {month}, substring(x, 9))")
    if form.tokens & {"M", "D", "H", "h"}:
        padded = "replaceRegexpOne(x, '^([0-9]{4})-([0-9])-', '\\\\1-0\\\\2-')"
        padded = f"replaceRegexpOne({padded}, '^(.{{8}})([0-9])( |$)', '\\\\10\\\\2\\\\3')"
        padded = f"replaceRegexpOne({padded}, '^(.{{11}}[AaPpMm]*)([0-9]):', '\\\\10\\\\2:')"
        written = _let(written, padded)
    if "A" in form.tokens:
        after = "if(lower(substring(x, 12, 2)) = 'pm', 12, 0)"
        hour = f"toString(toUInt8OrZero(substring(x, 14, 2)) % 12 + {after})"
        padded = f"leftPad({hour}, 2, '0')"
        written = _let(written, f"concat(substring(x, 1, 11), {padded}, substring(x, 16))")
    return written


def _let(value: str, expression: str) -> str:
    """Return the expression over `x`, which is worked out once."""
    return f"arrayMap(x -> {expression}, [{value}])[1]"
