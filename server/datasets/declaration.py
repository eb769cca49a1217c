"""What can be said of a dataset: the vocabulary of the YAML files in `declared/`.

From a declaration alone come the tables, the judging SQL, header alignment, template, sample and
documentation. Comes before everything in this room.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from server.analytics.zones import zone_names
from server.datasets.canonical import Canonical
from server.datasets.controls import Control, names_of
from server.datasets.labels import normalise

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that is safe as an identifier in SQL: it is never quoted."""

# Totals and settlements are added up with so many digits after the point: none may be lost.
_MOST_DIGITS_OF_MONEY = 8
# What ClickHouse takes for something else than a column's name.
_NO_COLUMN = frozenset(
    {"all", "constraint", "cube", "distinct", "false", "index", "inf", "infinity", "nan", "not",
     "null", "projection", "rollup", "top", "true"}
)  # fmt: skip


FileType = Literal["csv", "tsv", "jsonl", "parquet", "camt053"]
"""camt053 is turned into the columns of `bank_statements`."""


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
    BOOLEAN = "boolean"
    """true or false, yes or no, 1 or 0; in any case."""
    DATE = "date"
    """A day as YYYY-MM-DD, without time and zone."""
    COUNTRY = "country"
    """An ISO 3166 alpha-2 code; lower case is folded."""


class OnFault(StrEnum):
    """What a faulty cell does to its row."""

    REJECT = "reject"
    WARN = "warn"
    """The row loads with that cell empty; the text as sent is kept beside."""


class _Declared(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class SamplesBy(_Declared):
    """What made-up rows draw from where another column, declared before, says one of the words."""

    column: str
    words: dict[str, tuple[str, ...]]
    """The other column's cell → what is drawn from; nothing: the cell stays empty."""


class Column(_Declared):
    """One column of a dataset."""

    name: Name
    type: ColumnType
    description: str
    example: str = ""
    samples: tuple[str, ...] = ()
    """Words made-up rows draw from, each half as often as the one before; else `example`."""
    samples_by: SamplesBy | None = None
    aliases: tuple[str, ...] = ()
    required: bool = False
    """The header must have it and no row may leave it empty."""
    in_header: bool = False
    """The header must have it; rows may leave it empty."""
    on_fault: OnFault | None = None
    """None: reject for key, event time, amount, currency, type and required columns, else warn."""
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    """RE2, matched against the whole cell when it is not empty."""
    pattern_hint: str = ""
    """The pattern in words, for the report: "exactly 4 digits"."""
    minimum: int | None = None
    maximum: int | None = None
    above_zero: bool = False
    scale: int = Field(8, ge=0, le=18)
    """Digits kept after the point of a decimal."""
    provider_id: bool = False
    """An identifier that a provider made up: digits that look like a card number only warn."""
    personal: bool = False
    """It tells of a person. Shown as such; what is not declared is not stored at all."""
    utc: bool = False
    """Local times in it are UTC, whatever the row's zone is."""
    few_values: bool = False
    """Stored by dictionary (LowCardinality): under some ten thousand different values."""
    exponent_of: str | None = None
    """The currency column whose ISO 4217 exponent bounds the digits after the point."""

    @property
    def is_number(self) -> bool:
        """True when a range can bound it."""
        return self.type in (ColumnType.DECIMAL, ColumnType.INTEGER)

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        bounds = (self.minimum, self.maximum, self.above_zero or None, self.exponent_of)
        faults = {
            f"{self.name} means something else in SQL; take another name": self.name in _NO_COLUMN,
            "a column of type enum names its values": (self.type is ColumnType.ENUM)
            != bool(self.enum),
            "a range and an exponent bound numbers only": not self.is_number
            and any(bound is not None for bound in bounds),
            "a pattern is for text and ids": self.pattern is not None
            and self.type not in (ColumnType.TEXT, ColumnType.ID),
            "minimum is above maximum": None not in bounds[:2]
            and (self.minimum or 0) > (self.maximum or 0),
        }
        if told := [fault for fault, holds in faults.items() if holds]:
            raise ValueError("; ".join(told))
        return self


class Roles(_Declared):
    """Which columns the dashboards and the totals read."""

    amount: str | None = None
    """What totals are the sums of; none where a sum says nothing, as of rates."""
    currency: str
    type: str | None = None
    provider: str | None = None
    account: str | None = None
    payment_method: str | None = None
    status: str | None = None


class KeyFallback(_Declared):
    """Columns that join the key of rows where all of the others are empty."""

    columns: tuple[str, ...]
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
    version_column: str | None = None
    """Of rows of one file with one key and different content the highest in it is taken. Between
    files the newer one wins, whatever it says here."""
    event_time: str
    """The required time that dates a row."""
    zone: str | None = None
    """The column that holds the zone of local times."""
    zone_abbreviations: dict[str, str] = Field(default_factory=dict)
    """What the zone column may say beside IANA names → the IANA zone meant: `CET`, `BST`."""
    footers: tuple[str, ...] = ()
    """RE2 of the whole first cell of records that are no rows: totals, end marks."""
    roles: Roles
    defaults: Defaults
    file_types: tuple[FileType, ...] = ("csv", "tsv", "jsonl", "parquet")
    controls: tuple[Control, ...] = ()
    """What has to add up in a file."""
    canonical: Canonical | None = None
    """How the rows of a provider's report are told as settlements."""

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
        # A label that folds to its own column's name says nothing new, but how it looks.
        spelled = [said for c in self.columns for said in {*map(normalise, (c.name, *c.aliases))}]
        if alike := sorted({said for said in spelled if spelled.count(said) > 1}):
            message = f"names and aliases of more than one column: {', '.join(alike)}"
            raise ValueError(message)
        used = [*self.key, self.event_time, self.zone, self.version_column]
        used += [*self.roles.model_dump().values(), *(c.exponent_of for c in self.columns)]
        used += [c.samples_by.column for c in self.columns if c.samples_by is not None]
        if self.key_fallback is not None:
            used += [*self.key_fallback.columns, *self.key_fallback.when_empty]
        used += names_of(self.controls)
        if self.canonical is not None:
            used += self.canonical.names()
        if unknown := {name for name in used if name} - known:
            message = f"not among the columns: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _columns_suit_their_part(self) -> Self:
        """Check the types; the validator above has found every name."""
        parts = [
            ("eventTime", self.event_time, (ColumnType.DATETIME,)),
            ("zone", self.zone, (ColumnType.ZONE,)),
            ("versionColumn", self.version_column, (ColumnType.DATETIME, ColumnType.INTEGER)),
            ("roles.amount", self.roles.amount, (ColumnType.DECIMAL,)),
            ("roles.currency", self.roles.currency, (ColumnType.CURRENCY,)),
            *(
                (f"exponentOf of {column.name}", column.exponent_of, (ColumnType.CURRENCY,))
                for column in self.columns
            ),
        ]
        for part, name, types in parts:
            if name is not None and self.column(name).type not in types:
                message = f"{part}: {name} has to be of type {' or '.join(types)}"
                raise ValueError(message)
        amount = self.roles.amount
        if amount is not None and self.column(amount).scale > _MOST_DIGITS_OF_MONEY:
            message = f"roles.amount: scale of {amount} is at most {_MOST_DIGITS_OF_MONEY}"
            raise ValueError(message)
        if not self.column(self.event_time).required:
            message = f"eventTime: {self.event_time} has to be required"
            raise ValueError(message)
        if self.version_column is not None and self.rows_per_key == "many":
            message = "versionColumn: rows of one key belong together where there are many"
            raise ValueError(message)
        if unknown := set(self.zone_abbreviations.values()) - set(zone_names()):
            message = f"zoneAbbreviations: no IANA zone: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        return self
