"""What a column takes, in words: for the report and for the pages."""

from types import MappingProxyType

from server.datasets.column import Column, ColumnType

_BY_TYPE = MappingProxyType(
    {
        ColumnType.DATETIME: "a time such as 2026-01-15 10:30:00 or 2026-01-15T10:30:00Z",
        ColumnType.DATE: "a day such as 2026-01-15",
        ColumnType.BOOLEAN: "true or false",
        ColumnType.COUNTRY: "the two-letter codes of ISO 3166, such as DE",
    }
)


def hint(column: Column) -> str:
    """Return in words what the column takes, for the report."""
    if column.type is ColumnType.ENUM:
        return ", ".join(column.enum)
    if column.is_number:
        return _number(column)
    return _BY_TYPE.get(column.type) or column.pattern_hint or "text"


def _number(column: Column) -> str:
    limit = f", {column.maximum} or less" if column.maximum is not None else ""
    if column.above_zero:
        return f"a number greater than 0{limit}"
    if column.minimum is not None and column.maximum is not None:
        return f"a number from {column.minimum} to {column.maximum}"
    if column.minimum is not None:
        return f"a number, {column.minimum} or more"
    return ("a number" if column.type is ColumnType.DECIMAL else "a whole number") + limit
