"""What has to add up in a file: the YAML's `controls`.

Compiled over a file's staged rows by `controls_sql.py`, and run by `worker/ingest/controls.py`.
Sources of the rules: PAYMENT_FILES 5.6 and the providers' own pages named there.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.datasets.canonical import Amount, ColumnName


class _Said(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )
    name: str = Field(min_length=3, max_length=80)
    """In words, as the file's page shows it: `Batch nets to zero`."""
    on_mismatch: Literal["fail", "warn"]
    """fail: nothing of the file loads."""


class Converted(Amount):
    """An amount in another currency, times a rate, and what is added in the control's currency."""

    rate: ColumnName | None = None
    """Without it the amount is taken as it is; a row whose rate is empty is not looked at, unless
    both currencies are one."""
    currency: ColumnName | None = None
    """Of the amount before it is converted."""
    then: Amount = Amount()

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        others = tuple(name for name in (self.rate, self.currency) if name)
        return (*super().names(), *others, *self.then.names())


class SumControl(_Said):
    """Over all rows of one currency, an amount comes to nothing."""

    check: Literal["sum"]
    currency: ColumnName
    amount: Amount

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return (self.currency, *self.amount.names())


class RowControl(_Said):
    """In every row two amounts are the same, within one minor unit of the currency.

    Told as the number of rows where they are not.
    """

    check: Literal["row"]
    currency: ColumnName
    expected: Converted
    actual: Amount

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return (self.currency, *self.expected.names(), *self.actual.names())


class GroupControl(_Said):
    """Rows of a group add up to the row that states their total, in the groups that have one."""

    check: Literal["group"]
    currency: ColumnName
    group: ColumnName
    amount: Amount
    total: ColumnName
    """The column that tells which row states the total."""
    total_is: tuple[str, ...]
    """The words there, compared without case; the total takes away what the others add."""

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return (self.currency, self.group, self.total, *self.amount.names())


class ValueControl(_Said):
    """A column has one value in the whole file."""

    check: Literal["one value"]
    column: ColumnName

    def names(self) -> tuple[str, ...]:
        """Return the columns it reads."""
        return (self.column,)


Control = Annotated[
    SumControl | RowControl | GroupControl | ValueControl, Field(discriminator="check")
]


def names_of(controls: tuple[Control, ...]) -> Iterator[str]:
    """Yield every column that is named in controls."""
    for control in controls:
        yield from control.names()
