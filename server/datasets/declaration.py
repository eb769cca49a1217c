"""What can be said of a dataset: the vocabulary of the YAML files in `declared/`.

From a declaration alone come the tables, the judging SQL, header alignment, template, sample and
documentation. Comes before everything in this room.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that is safe as an identifier in SQL: it is never quoted."""


class ColumnType(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    ID = "id"
    """Text that identifies something: digits lost to a spreadsheet are looked for."""
    ENUM = "enum"
    """One of a closed list, compared without case, stored in the declared case."""
    CURRENCY = "currency"
    """An ISO 4217 alphabetic code; lower case is folded."""
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATETIME = "datetime"
    """ISO 8601 / RFC 3339 with `T` or a space; a time without an offset is local to the zone."""
    ZONE = "zone"
    """An IANA zone name."""


class OnFault(StrEnum):
    """What a faulty cell does to its row."""

    REJECT = "reject"
    WARN = "warn"
    """The row loads with that cell empty; the text as sent is kept beside."""


class _Declared(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Column(_Declared):
    """One column of a dataset."""

    name: Name
    type: ColumnType
    description: str
    example: str = ""
    samples: tuple[str, ...] = ()
    """Words made-up rows draw from, each half as often as the one before; else `example`."""
    aliases: tuple[str, ...] = ()
    required: bool = False
    """The header must have it and no row may leave it empty."""
    on_fault: OnFault | None = None
    """None: reject for key, event time, amount, currency, type and required columns, else warn."""
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    """RE2, matched against the whole cell when it is not empty."""
    pattern_hint: str = ""
    """The pattern in words, for the report: "exactly 4 digits"."""
    minimum: int | None = None
    above_zero: bool = False
    scale: int = Field(8, ge=0, le=18)
    """Digits kept after the point of a decimal."""
    provider_id: bool = False
    """An identifier that a provider made up: digits that look like a card number only warn."""
    few_values: bool = False
    """Stored by dictionary (LowCardinality): under some ten thousand different values."""
    exponent_of: str | None = None
    """The currency column whose ISO 4217 exponent bounds the digits after the point."""


class Roles(_Declared):
    """Which columns the dashboards and the totals read."""

    amount: str
    currency: str
    type: str | None = None
    provider: str | None = None
    account: str | None = None
    payment_method: str | None = None


class KeyFallback(_Declared):
    """A column that joins the key of rows where all of the others are empty."""

    column: str
    when_empty: tuple[str, ...]


class Defaults(_Declared):
    """What applies when the request does not say."""

    on_error: Literal["quarantine", "abort"]
    max_rejected_ratio: float = Field(1.0, ge=0, le=1)


class Dataset(_Declared):
    """A dataset: its columns, its key, its rules.

    Raises:
        ValueError: a role, the key or a reference names a column that is not declared.
    """

    name: Name
    title: str
    description: str
    version: int = Field(1, ge=1)
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    key_fallback: KeyFallback | None = None
    rows_per_key: Literal["one", "many"]
    """one: a newer file's row takes the older one's place; many: its whole group does."""
    event_time: str
    zone: str | None = None
    """The column that holds the zone of local times."""
    roles: Roles
    defaults: Defaults
    file_types: tuple[str, ...] = ("csv", "tsv", "jsonl", "parquet")

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)

    def on_fault(self, column: Column) -> OnFault:
        """Return what a faulty cell of the column does, with the defaults applied."""
        if column.on_fault is not None:
            return column.on_fault
        decisive = {*self.key, self.event_time, *self._role_names()}
        rejects = column.required or column.name in decisive
        return OnFault.REJECT if rejects else OnFault.WARN

    def _role_names(self) -> set[str]:
        named = (self.roles.amount, self.roles.currency, self.roles.type)
        return {name for name in named if name}

    @model_validator(mode="after")
    def _names_are_declared(self) -> Self:
        known = {column.name for column in self.columns}
        if len(known) != len(self.columns):
            message = "a column is declared twice"
            raise ValueError(message)
        used = [*self.key, self.event_time, self.zone, *self.roles.model_dump().values()]
        used += [column.exponent_of for column in self.columns]
        if self.key_fallback is not None:
            used += [self.key_fallback.column, *self.key_fallback.when_empty]
        if unknown := {name for name in used if name} - known:
            message = f"not among the columns: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self
