"""What can be said of a dataset: the vocabulary of the YAML files in `declared/`.

From a declaration alone come the tables, the judging SQL, header alignment, template, sample and
documentation. Its columns are those of `column.py`; all else in this room comes behind the two.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from server.analytics.zones import zone_names
from server.datasets.canonical import Canonical
from server.datasets.column import Column, ColumnType, Declared, Name, OnFault
from server.datasets.controls import Control, names_of
from server.datasets.labels import normalise

# Totals and settlements are added up with so many digits after the point: none may be lost.
_MOST_DIGITS_OF_MONEY = 8

FileType = Literal["csv", "tsv", "jsonl", "parquet", "camt053"]
"""camt053 is turned into the columns of `bank_statements`."""


class Roles(Declared):
    """Which columns the dashboards and the totals read."""

    amount: str | None = None
    """What totals are the sums of; none where a sum says nothing, as of rates."""
    currency: str
    type: str | None = None
    provider: str | None = None
    account: str | None = None
    payment_method: str | None = None
    status: str | None = None


class KeyFallback(Declared):
    """Columns that join the key of rows where all of the others are empty."""

    columns: tuple[str, ...]
    when_empty: tuple[str, ...]


class Defaults(Declared):
    """What applies when the request does not say."""

    on_error: Literal["quarantine", "abort"]
    max_rejected_ratio: float = Field(1.0, ge=0, le=1)


class Dataset(Declared):
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
    later_parts: str | None = None
    """RE2 of the whole name of a file that is the second part of a report, or a later one: refused,
    where the parts share a key and one would take the place of the other."""
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
