"""How each type of column is stored in ClickHouse; `tables.py` makes the tables of it."""

from types import MappingProxyType

from server.datasets.column import Column, ColumnType

# Up to four digits after the point fit 64 bits beside 14 before it; more need 128 bits.
NARROW_SCALE = 4

WORDS = frozenset(
    {ColumnType.TEXT, ColumnType.ID, ColumnType.ENUM, ColumnType.CURRENCY, ColumnType.ZONE,
     ColumnType.COUNTRY}
)  # fmt: skip
"""The types that are stored as text, `''` where a cell is empty."""


_KINDS = MappingProxyType(
    {
        ColumnType.INTEGER: "Int64",
        ColumnType.DATETIME: "DateTime64(6, 'UTC')",
        ColumnType.DATE: "Date32",
        ColumnType.BOOLEAN: "Bool",
    }
)


def storage_type(column: Column) -> str:
    """Return the ClickHouse type the column is stored as."""
    if column.type in WORDS:
        is_free = column.type in (ColumnType.TEXT, ColumnType.ID)
        return "String" if is_free and not column.few_values else "LowCardinality(String)"
    if column.type is ColumnType.DECIMAL:
        width = 18 if column.scale <= NARROW_SCALE else 38
        kind = f"Decimal({width}, {column.scale})"
    else:
        kind = _KINDS[column.type]
    return kind if column.required else f"Nullable({kind})"
