"""The tables of a dataset, from its declaration: names, columns, DDL.

Per dataset three plain MergeTree tables of one structure: `history` keeps every good row of every
file, `current` is what readers see, `rejected` keeps the rows set aside. One structure, because
partitions move between them and a staging table by link, without being copied.
"""

import json

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.storing import storage_type

# Rejected and skipped rows carry this event time, so that they stand in a partition of their own
# (197001): the good rows' partitions can then be attached elsewhere as they are. No good row is
# older than 2000 (`date-out-of-range`).
ASIDE_PARTITION = "197001"
# Where rows stand that the first pass could not clear, until they are judged.
UNCLEAR_PARTITION = "197002"

_ISSUES_TYPE = (
    "Array(Tuple(severity Enum8('error' = 1, 'warning' = 2),"
    " column LowCardinality(String), code LowCardinality(String)))"
)

SYSTEM_COLUMNS = (
    ("_workspace", "LowCardinality(String)"),
    ("_file", "UUID"),
    ("_attempt", "UInt32"),
    ("_row", "UInt64"),
    ("_uploaded_at", "DateTime64(6, 'UTC')"),
    ("_key", "UInt128"),
    ("_verdict", "UInt8"),
    ("_issues", _ISSUES_TYPE),
    ("_cells", "Array(String)"),
)
"""What every row carries beside its dataset's columns. `_row` is 1-based; `_key` is the
MurmurHash3-128 of the key columns; `_cells` are the cells as sent, kept for rows with an issue
only."""

GOOD, REJECTED, SKIPPED, UNCLEAR = 0, 1, 2, 3
"""Values of `_verdict`. Skipped: blank lines and repeated header lines. Unclear: not judged yet, in
the staging table only."""


def current_table(dataset: Dataset) -> str:
    """Return the name of the table readers see."""
    return f"{dataset.name}_current"


def history_table(dataset: Dataset) -> str:
    """Return the name of the table that keeps every good row."""
    return f"{dataset.name}_history"


def rejected_table(dataset: Dataset) -> str:
    """Return the name of the table of rows set aside."""
    return f"{dataset.name}_rejected"


def columns(dataset: Dataset) -> list[tuple[str, str]]:
    """Return (name, ClickHouse type) of every column, the dataset's first."""
    own = [(column.name, storage_type(column)) for column in dataset.columns]
    return [*own, *SYSTEM_COLUMNS]


def key_note(dataset: Dataset) -> str:
    """Return what the history table says of the key it was made for, as its comment."""
    fallback = dataset.key_fallback.model_dump(by_alias=True) if dataset.key_fallback else None
    return f"key={json.dumps([dataset.key, fallback, dataset.event_time])}"


async def next_tables(analytics: Analytics, dataset: Dataset, *, comment: str) -> list[str]:
    """Return the tables that publishers of the dataset prepare to exchange for the current one."""
    found = await analytics.query(
        "SELECT name FROM system.tables WHERE database = {database:String}"
        " AND match(name, {pattern:String})",
        parameters={
            "database": analytics.database,
            # Whole names: a dataset's name may begin with that of another.
            "pattern": f"^next_{dataset.name}_[0-9a-f]{{32}}_[0-9]+_[0-9a-zA-Z]+$",
        },
        comment=comment,
    )
    return [str(name) for (name,) in found.rows]


def create_table(
    dataset: Dataset,
    database: str,
    table: str,
    *,
    is_staging: bool = False,
    like: str | None = None,
) -> str:
    """Return the statement that creates a table of the dataset where it is missing.

    Args:
        dataset: whose columns it has.
        database: where.
        table: its name.
        is_staging: its parts are written once and moved elsewhere; one file a part halves the
            cost of writing them, and the merges of their new home make them wide. They compress
            them too: doing so at once is a twentieth of the whole load.
        like: a table, with its database, whose columns it has instead: that table may have more
            than this process knows of.
    """
    defined = ",\n  ".join(f"{name} {kind}" for name, kind in columns(dataset))
    structure = f"(\n  {defined}\n)" if like is None else f"AS {like}"
    # The workspace leads, so that one workspace's question reads nothing of another's.
    return (
        f"CREATE TABLE IF NOT EXISTS {database}.{table} {structure}\n"
        f"ENGINE = MergeTree\n"
        f"PARTITION BY toYYYYMM({dataset.event_time})\n"
        f"ORDER BY (_workspace, {dataset.event_time}, _file, _row)"
        + (
            " SETTINGS min_bytes_for_wide_part = 1000000000000, default_compression_codec = 'NONE'"
            if is_staging
            else ""
        )
    )
