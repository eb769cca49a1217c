"""How a provider's report says what its rows are as rows of `settlements`: the YAML's `canonical`.

The rows of a report are kept as sent; `canonical_sql.py` compiles what is said here into the view
that tells them as settlements. Direction comes from the columns, never from the name of a type:
an `Amount` adds what stands in some columns and takes away what stands in others.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

ColumnName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]

CANONICAL_TYPES = (
    "capture",
    "partial capture",
    "refund",
    "refund reversal",
    "chargeback",
    "chargeback reversal",
    "fee",
    "payout",
    "payout returned",
    "adjustment",
    "transfer",
    "other",
)
"""Kinds of movement. `other` is what a report calls by a name nobody has declared: it counts, and
is seen, but nothing is guessed."""

FEE_TYPES = (
    "interchange",
    "scheme fee",
    "processing fee",
    "psp add-on",
    "paypal fee",
    "chargeback",
    "tax",
    "other",
)


class _Said(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Amount(_Said):
    """A signed sum over the columns of one row; an empty cell is nothing."""

    plus: tuple[ColumnName, ...] = ()
    """What comes to the merchant, or carries its sign itself."""
    minus: tuple[ColumnName, ...] = ()
    """What goes from the merchant, without a sign."""

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return self.plus + self.minus


class Money(Amount):
    """An amount and the column of its currency."""

    currency: ColumnName

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return (*super().names(), self.currency)


class _Canonical(_Said):
    type: str
    fee_type: str = ""

    @field_validator("type")
    @classmethod
    def _is_a_type(cls, word: str) -> str:
        return _one_of(CANONICAL_TYPES, word)

    @field_validator("fee_type")
    @classmethod
    def _is_a_fee(cls, word: str) -> str:
        return word and _one_of(FEE_TYPES, word)


class Meaning(_Canonical):
    """What raw types mean, when the amount has the direction asked for."""

    raw: tuple[str, ...]
    """The words as the report says them, compared without case; `*` is any text."""
    direction: Literal["credit", "debit"] | None = None
    """Only where the settled amount comes to the merchant (credit), or goes (debit)."""
    type: str
    fee_type: str = ""


class Part(_Canonical):
    """A part of the net that stands in columns of its own, and becomes a row of its own."""

    type: str = "fee"
    fee_type: str = ""
    amount: Amount


class Canonical(_Said):
    """How the rows of a report are told as settlements."""

    provider: str = Field(pattern=r"^[a-z0-9.]+$")
    account: ColumnName
    """Whose money it is: settlements name one source of record for each account of a provider."""
    type: ColumnName
    """The column of the raw type."""
    meanings: tuple[Meaning, ...]
    """The first that fits speaks; what none fits is `other`."""
    transaction: Money
    """In the currency of the transaction. Rows without it have the settled amount here too."""
    settlement: Money
    """The net, in the currency of the settlement. The rows that tell of one row of the report add
    up to it exactly: what its parts leave is the movement's own amount."""
    parts: tuple[Part, ...] = ()
    columns: dict[ColumnName, tuple[ColumnName, ...]] = {}
    """Column of the settlements → columns of the report; the first that is not empty."""
    joined: dict[ColumnName, tuple[ColumnName, ...]] = {}
    """Column of the settlements → columns of the report, joined by colons."""

    def names(self) -> Iterator[str]:
        """Yield every column of the report that is named here."""
        yield from (self.account, self.type, *self.transaction.names(), *self.settlement.names())
        for part in self.parts:
            yield from part.amount.names()
        for named in (*self.columns.values(), *self.joined.values()):
            yield from named


def _one_of(words: tuple[str, ...], word: str) -> str:
    if word not in words:
        message = f"{word!r} is none of {', '.join(words)}"
        raise ValueError(message)
    return word
