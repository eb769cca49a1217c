"""The SQL of backups: rows of attempts out of ClickHouse and back, and current made from them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, current_table, history_table, rejected_table
from worker.backup.plan import HISTORY, AttemptRows
from worker.ingest.resolve import FILE_ORDER

_COMMENT: Final = "backup"
_PUBLISHED: Final = "restore_published"
# Keys resolved at once; what a bucket needs of memory is bounded by it.
_KEYS_AT_ONCE: Final = 5_000_000
_OF_ATTEMPTS: Final = (
    "(_file, _attempt) IN"
    " (SELECT arrayJoin(arrayZip({files:Array(UUID)}, {attempts:Array(UInt32)})))"
)


def table_of(dataset: Dataset, table: str) -> str:
    """Return the name of the dataset's table of that kind."""
    return history_table(dataset) if table == HISTORY else rejected_table(dataset)


async def rows_of(
    analytics: Analytics, table: str, group: Sequence[AttemptRows], *, after: int, until: int | None
) -> bytes:
    """Return rows of the attempts as ClickHouse writes them.

    Args:
        analytics: the gateway.
        table: the table's name.
        group: the attempts.
        after: rows of higher numbers only.
        until: rows up to this number; None for all.
    """
    upper = "" if until is None else f" AND _row <= {until}"
    return await analytics.export(
        f"SELECT * FROM {analytics.database}.{table}"
        f" WHERE {_OF_ATTEMPTS} AND _row > {after}{upper} ORDER BY _file, _attempt, _row",
        parameters=_attempts(group),
        comment=_COMMENT,
    )


async def count_rows(
    analytics: Analytics, table: str, group: Sequence[AttemptRows]
) -> Mapping[tuple[UUID, int], int]:
    """Return how many rows each attempt has."""
    found = await analytics.query(
        f"SELECT toString(_file), _attempt, count() FROM {analytics.database}.{table}"
        f" WHERE {_OF_ATTEMPTS} GROUP BY _file, _attempt",
        parameters=_attempts(group),
        comment=_COMMENT,
    )
    return {
        (UUID(str(file_id)), int(str(attempt))): int(str(count))
        for file_id, attempt, count in found.rows
    }


async def highest_row(analytics: Analytics, table: str, group: Sequence[AttemptRows]) -> int:
    """Return the highest row number of the attempts."""
    found = await analytics.query(
        f"SELECT max(_row) AS last FROM {analytics.database}.{table} WHERE {_OF_ATTEMPTS}",
        parameters=_attempts(group),
        comment=_COMMENT,
    )
    return int(str(found.one()["last"]))


async def empty(analytics: Analytics, datasets: Iterable[Dataset]) -> None:
    """Drop the tables of the datasets; `provision` makes them anew."""
    for dataset in datasets:
        for table in (current_table(dataset), history_table(dataset), rejected_table(dataset)):
            await analytics.command(
                f"DROP TABLE IF EXISTS {analytics.database}.{table} SYNC", comment=_COMMENT
            )


async def make_current(
    analytics: Analytics, dataset: Dataset, published: Sequence[tuple[UUID, int]], generation: int
) -> int:
    """Fill an empty current table: current = resolve(history, published), in every workspace.

    Args:
        analytics: the gateway.
        dataset: whose table.
        published: the files whose rows readers see, and the attempts that brought them.
        generation: of the table, so that a swap that had not happened is known by it.

    Returns:
        How many rows readers see.
    """
    database = analytics.database
    current, history = (f"{database}.{name(dataset)}" for name in (current_table, history_table))
    listed = f"{database}.{_PUBLISHED}"
    await analytics.command(f"DROP TABLE IF EXISTS {listed} SYNC", comment=_COMMENT)
    await analytics.command(
        f"CREATE TABLE {listed} (file UUID, attempt UInt32) ENGINE = MergeTree ORDER BY file",
        comment=_COMMENT,
    )
    if published:
        rows = [(str(file_id), attempt) for file_id, attempt in published]
        await analytics.insert(_PUBLISHED, rows, ("file", "attempt"), comment=_COMMENT)
    count = await _count(analytics, history)
    buckets = max(1, -(-count // _KEYS_AT_ONCE))
    for bucket in range(buckets):
        seen = (
            f"FROM {history} WHERE _verdict = {GOOD} AND _key % {buckets} = {bucket}"
            f" AND (_file, _attempt) IN (SELECT file, attempt FROM {listed})"
        )
        await analytics.command(
            f"INSERT INTO {current} SELECT * {seen}"
            f" AND (_workspace, _key, _uploaded_at, {FILE_ORDER}) IN ("
            "SELECT _workspace, _key, tupleElement(newest, 1), tupleElement(newest, 2) FROM"
            f" (SELECT _workspace, _key, max((_uploaded_at, {FILE_ORDER})) AS newest {seen}"
            " GROUP BY _workspace, _key))",
            comment=_COMMENT,
        )
    await analytics.command(
        f"ALTER TABLE {current} MODIFY COMMENT 'generation={generation}'", comment=_COMMENT
    )
    await analytics.command(f"DROP TABLE IF EXISTS {listed} SYNC", comment=_COMMENT)
    return await _count(analytics, current)


async def _count(analytics: Analytics, table: str) -> int:
    found = await analytics.query(f"SELECT count() AS n FROM {table}", comment=_COMMENT)
    return int(str(found.one()["n"]))


def _attempts(group: Sequence[AttemptRows]) -> dict[str, object]:
    return {
        "files": [str(one.file_id) for one in group],
        "attempts": [one.attempt for one in group],
    }
