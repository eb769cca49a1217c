"""What can be said of one column of a dataset: the items of a YAML file's `columns`.

Part of `declaration.py`, which puts the columns together.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A name that is safe as an identifier in SQL: it is never quoted."""

# What ClickHouse takes for something else than a column's name.
_NO_COLUMN = frozenset(
    {"all", "constraint", "cube", "distinct", "false", "index", "inf", "infinity", "nan", "not",
     "null", "projection", "rollup", "top", "true"}
)  # fmt: skip


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


class Declared(BaseModel):
    """Something that a YAML file says."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class SamplesBy(Declared):
    """What made-up rows draw from where another column, declared before, says one of the words."""

    column: str
    words: dict[str, tuple[str, ...]]
    """The other column's cell → what is drawn from; nothing: the cell stays empty."""


class Column(Declared):
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
