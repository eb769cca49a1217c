"""What a panel is: a named question to the data, the filters it knows and the columns it answers.

A panel's SQL is complete as written: every value is bound by ClickHouse (`{workspace:String}`),
nothing is put together from a request. These parameters are always bound:

* `database` (Identifier), `workspace` (String): whose rows; every query must filter `_workspace`;
* `from_at`, `to_at` (DateTime64(6, 'UTC')): the half-open period, wide open when not asked for;
* `timezone` (String), `interval` (`day`, `week` or `month`): how days are cut;
* `provider`, `account`, `currency`, `payment_method` (String): empty when not asked for.
"""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """How the cells of a column are to be read."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    """Exact, as text; never a float."""
    DATE = "date"
    """A day in the zone of the question: the first day of the bucket."""
    DATETIME = "datetime"
    """RFC 3339 in UTC."""


class Unit(StrEnum):
    """What the numbers of a column count."""

    ROWS = "rows"
    FILES = "files"
    BYTES = "bytes"
    CURRENCY = "currency"
    """Major units of the currency named in the same row's `currency` column."""
    RATIO = "ratio"
    """0.0291 is 2.91 %."""


class Filter(StrEnum):
    """The query parameters that narrow a panel; each panel says which it knows."""

    FROM = "from"
    TO = "to"
    TIMEZONE = "timezone"
    INTERVAL = "interval"
    PROVIDER = "provider"
    ACCOUNT = "account"
    CURRENCY = "currency"
    PAYMENT_METHOD = "paymentMethod"


PERIOD = (Filter.FROM, Filter.TO, Filter.TIMEZONE)


@dataclass(frozen=True)
class Column:
    """One column of a panel's answer, in the order of the query's SELECT."""

    name: str
    type: ColumnType
    unit: Unit | None = None


@dataclass(frozen=True)
class Panel:
    """One panel of the dashboards."""

    panel: str
    """The name in the address; stable."""
    title: str
    description: str
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    sql: str | None = None
    """None when the rows are file records and not analytics."""
    is_volatile: bool = False
    """True when the rows also depend on the clock or on file records."""
