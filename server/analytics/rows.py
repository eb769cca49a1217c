"""An answer of ClickHouse, as the gateway gives it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of an answer: its name and ClickHouse type."""

    name: str
    type: str


@dataclass(frozen=True)
class Rows:
    """An answer: columns, and rows as tuples in their order."""

    columns: tuple[Column, ...]
    rows: list[tuple[object, ...]]

    def one(self) -> dict[str, object]:
        """Return the only row by column name."""
        (row,) = self.rows
        return {column.name: value for column, value in zip(self.columns, row, strict=True)}

    def records(self) -> list[dict[str, object]]:
        """Return the rows by column name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]
