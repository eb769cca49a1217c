"""The taxonomy of what can be wrong with a row: code, sentence, what to do.

Codes are those of the public contract. The judging SQL in
`server/datasets/` refers to them; the README's table is generated from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

Translate = Callable[[str], str]
"""Gives a text of this room in a reader's language; `str` leaves it in English."""


class Severity(StrEnum):
    """What an issue does to its row."""

    ERROR = "error"
    """The row is set aside."""
    WARNING = "warning"
    """The row loads; the text as sent is kept beside."""


class IssueCode(StrEnum):
    """The closed list of codes."""

    MISSING_CELL = "missing-cell"
    EXTRA_CELL = "extra-cell"
    REQUIRED_VALUE = "required-value"
    TYPE_ERROR = "type-error"
    DECIMAL_COMMA = "decimal-comma"
    THOUSANDS_SEPARATOR = "thousands-separator"
    SCIENTIFIC_NOTATION = "scientific-notation"
    TOO_PRECISE = "too-precise"
    OUT_OF_RANGE = "out-of-range"
    ENUM_ERROR = "enum-error"
    PATTERN_ERROR = "pattern-error"
    CURRENCY_UNKNOWN = "currency-unknown"
    TIMEZONE_UNKNOWN = "timezone-unknown"
    TIME_NONEXISTENT = "time-nonexistent"
    TIME_AMBIGUOUS = "time-ambiguous"
    DATE_OUT_OF_RANGE = "date-out-of-range"
    ENCODING_ERROR = "encoding-error"
    CONTROL_CHARACTER = "control-character"
    SPREADSHEET_DAMAGE = "spreadsheet-damage"
    AMBIGUOUS_KEY = "ambiguous-key"
    PAN_SUSPECTED = "pan-suspected"


@dataclass(frozen=True)
class IssueKind:
    """One code in words. `%(column)s` and `%(hint)s` are filled in; a cell's value never is."""

    title: str
    message: str


ISSUES = MappingProxyType(
    {
        IssueCode.MISSING_CELL: IssueKind(
            "Cells are missing", "The row has fewer cells than the header."
        ),
        IssueCode.EXTRA_CELL: IssueKind(
            "More cells than columns", "The row has content beyond the header's last column."
        ),
        IssueCode.REQUIRED_VALUE: IssueKind("Empty", "%(column)s must not be empty."),
        IssueCode.TYPE_ERROR: IssueKind("Not readable", "%(column)s cannot be read as %(hint)s."),
        IssueCode.DECIMAL_COMMA: IssueKind(
            "Decimal comma", "%(column)s uses a comma; numbers take a decimal dot, as in 12.50."
        ),
        IssueCode.THOUSANDS_SEPARATOR: IssueKind(
            "Thousands separator", "%(column)s groups its digits; write 1234.56 without separators."
        ),
        IssueCode.SCIENTIFIC_NOTATION: IssueKind(
            "Scientific notation", "%(column)s is in scientific notation; write all its digits."
        ),
        IssueCode.TOO_PRECISE: IssueKind(
            "Too many decimals", "%(column)s has more digits after the dot than its currency has."
        ),
        IssueCode.OUT_OF_RANGE: IssueKind("Out of range", "%(column)s must be %(hint)s."),
        IssueCode.ENUM_ERROR: IssueKind("Not in the list", "%(column)s must be one of: %(hint)s."),
        IssueCode.PATTERN_ERROR: IssueKind("Wrong form", "%(column)s must be %(hint)s."),
        IssueCode.CURRENCY_UNKNOWN: IssueKind(
            "Unknown currency", "%(column)s is not an ISO 4217 currency code."
        ),
        IssueCode.TIMEZONE_UNKNOWN: IssueKind(
            "Unknown time zone",
            "%(column)s is not an IANA time zone such as Europe/Berlin; what an abbreviation means,"
            " a mapping can say.",
        ),
        IssueCode.TIME_NONEXISTENT: IssueKind(
            "Time skipped by the clock",
            "%(column)s lies in the hour that clocks skip in its zone on that day.",
        ),
        IssueCode.TIME_AMBIGUOUS: IssueKind(
            "Time occurs twice",
            "%(column)s lies in the hour that occurs twice in its zone; the earlier one is taken.",
        ),
        IssueCode.DATE_OUT_OF_RANGE: IssueKind(
            "Date out of range",
            "%(column)s is before 2000 or more than 48 hours after the file was sent.",
        ),
        IssueCode.ENCODING_ERROR: IssueKind(
            "Not UTF-8", "%(column)s has bytes that are not UTF-8 text."
        ),
        IssueCode.CONTROL_CHARACTER: IssueKind(
            "Control character", "%(column)s contains a control character."
        ),
        IssueCode.SPREADSHEET_DAMAGE: IssueKind(
            "Damaged by a spreadsheet",
            "%(column)s was turned into scientific notation; its digits are lost.",
        ),
        IssueCode.AMBIGUOUS_KEY: IssueKind(
            "Same key, different content",
            "Another row of this file has the same key (%(hint)s) and different content.",
        ),
        IssueCode.PAN_SUSPECTED: IssueKind(
            "May be a card number", "%(column)s looks like a full card number."
        ),
    }
)


def message(code: IssueCode, column: str, hint: str, translated: Translate = str) -> str:
    """Return the sentence for an issue, in the language that `translated` gives it."""
    return translated(ISSUES[code].message) % {"column": column, "hint": hint}
