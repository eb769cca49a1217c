"""What a column takes, in words: for the report and for the pages."""

from enum import StrEnum
from types import MappingProxyType

from server.datasets.column import Column, ColumnType
from server.datasets.issues import Translate


class Hint(StrEnum):
    """Every text there is for it; `%(…)s` are the column's limits."""

    TEXT = "text"
    TIME = "a time such as 2026-01-15 10:30:00 or 2026-01-15T10:30:00Z"
    DAY = "a day such as 2026-01-15"
    TRUTH = "true or false"
    COUNTRY = "the two-letter codes of ISO 3166, such as DE"
    NUMBER = "a number"
    NUMBER_UP_TO = "a number, %(maximum)s or less"
    WHOLE = "a whole number"
    WHOLE_UP_TO = "a whole number, %(maximum)s or less"
    ABOVE_ZERO = "a number greater than 0"
    ABOVE_ZERO_UP_TO = "a number greater than 0, %(maximum)s or less"
    FROM = "a number, %(minimum)s or more"
    FROM_UP_TO = "a number from %(minimum)s to %(maximum)s"


_BY_TYPE = MappingProxyType(
    {
        ColumnType.DATETIME: Hint.TIME,
        ColumnType.DATE: Hint.DAY,
        ColumnType.BOOLEAN: Hint.TRUTH,
        ColumnType.COUNTRY: Hint.COUNTRY,
    }
)


def hint(column: Column, translated: Translate = str) -> str:
    """Return in words what the column takes.

    Args:
        column: its form and its list are told in the words of who declared it.
        translated: gives the rest in the reader's language; as it is without.
    """
    if column.type is ColumnType.ENUM:
        return ", ".join(column.enum)
    if column.is_number:
        limits = {"minimum": column.minimum, "maximum": column.maximum}
        return translated(_of_number(column)) % limits
    told = _BY_TYPE.get(column.type)
    if told is None and column.pattern_hint:
        return column.pattern_hint
    return translated(told or Hint.TEXT)


def _of_number(column: Column) -> Hint:
    is_limited = column.maximum is not None
    if column.above_zero:
        return Hint.ABOVE_ZERO_UP_TO if is_limited else Hint.ABOVE_ZERO
    if column.minimum is not None:
        return Hint.FROM_UP_TO if is_limited else Hint.FROM
    if column.type is ColumnType.DECIMAL:
        return Hint.NUMBER_UP_TO if is_limited else Hint.NUMBER
    return Hint.WHOLE_UP_TO if is_limited else Hint.WHOLE
