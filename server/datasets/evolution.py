"""Brings a dataset's tables to what its declaration says now, while the house is at work.

A column that was added to a declaration is added to the tables: only their description changes, the
rows that are there have it empty. What would change the meaning of rows that are there is refused.
Comes after `provision.py`, which creates what is missing; run by `worker/prepare.py` under the
dataset's lock, because a publication clones the current table and exchanges it later.
"""

from collections.abc import Sequence
from typing import Final

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.sql import quoted
from server.datasets.storing import WORDS, storage_type
from server.datasets.tables import (
    SYSTEM_COLUMNS,
    current_table,
    history_table,
    key_note,
    next_tables,
    rejected_table,
)
from server.errors import CatalogueRefused

_COMMENT: Final = "evolve"

Columns = Sequence[tuple[str, str]]
"""(name, ClickHouse type), in the order of the table."""


async def changes(analytics: Analytics, dataset: Dataset) -> list[str]:
    """Return the statements that bring the tables to the declaration; none when they are there.

    Raises:
        CatalogueRefused: the declaration lacks a column that the tables have, says another type or
            another key, or adds a number or a time that is required.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    statements = []
    for table in (rejected_table(dataset), history_table(dataset), current_table(dataset)):
        found = await columns_of(analytics, table, comment=_COMMENT)
        _check(dataset, table, found)
        wanted = [(column.name, storage_type(column)) for column in dataset.columns]
        if added := additions(found, wanted):
            statements.append(f"ALTER TABLE {analytics.database}.{table} {added}")
    statements += await _noted_key(analytics, dataset)
    return statements


async def evolve(analytics: Analytics, dataset: Dataset) -> None:
    """Make the changes; the caller holds the dataset's lock. Idempotent.

    A publisher that was paused before its swap would bring the old table back: its clone is
    dropped, as by everybody who takes the lock.
    """
    for table in await next_tables(analytics, dataset, comment=_COMMENT):
        await analytics.command(
            f"DROP TABLE IF EXISTS {analytics.database}.{table} SYNC", comment=_COMMENT
        )
    for statement in await changes(analytics, dataset):
        await analytics.command(statement, comment=_COMMENT)


async def columns_of(analytics: Analytics, table: str, *, comment: str) -> Columns:
    """Return what a table has, in its order."""
    found = await analytics.query(
        "SELECT name, type FROM system.columns WHERE database = {database:String}"
        " AND table = {table:String} ORDER BY position",
        parameters={"database": analytics.database, "table": table},
        comment=comment,
    )
    return [(str(name), str(kind)) for name, kind in found.rows]


def additions(found: Columns, wanted: Columns) -> str:
    """Return the part of an ALTER TABLE that adds what is missing; `''` for nothing.

    Each at its place, because rows are copied between tables of one structure by `SELECT *`.
    """
    known = {name for name, _ in found}
    clauses, before = [], ""
    for name, kind in wanted:
        if name not in known:
            place = f"AFTER {before}" if before else "FIRST"
            clauses.append(f"ADD COLUMN IF NOT EXISTS {name} {kind} {place}")
        before = name
    return ", ".join(clauses)


def _check(dataset: Dataset, table: str, found: Columns) -> None:
    ours = {name for name, _ in SYSTEM_COLUMNS}
    stored = {name: kind for name, kind in found if name not in ours}
    declared = {column.name: column for column in dataset.columns}
    told = [
        f"column {name} is not declared any more, and {table} holds it; declare it again"
        for name in stored
        if name not in declared
    ]
    for column in dataset.columns:
        kind = stored.get(column.name)
        if kind is None:
            # Rows that are there would say 0, or 1970, which nobody sent.
            if column.required and column.type not in WORDS:
                told.append(
                    f"column {column.name} is new and a required {column.type}, which the rows"
                    " that are there do not have; take `required` away"
                )
        elif kind != storage_type(column):
            told.append(
                f"column {column.name} would be stored as {storage_type(column)}, and {table}"
                f" stores it as {kind} (type, scale, required and fewValues decide that);"
                " declare it as it was, or add a column of another name"
            )
    if told:
        raise CatalogueRefused([f"{dataset.name}: {sentence}" for sentence in told])


async def _noted_key(analytics: Analytics, dataset: Dataset) -> list[str]:
    # Rows carry a hash of their key: of another key, no row that is there would ever be found.
    said, table = key_note(dataset), history_table(dataset)
    found = await analytics.query(
        "SELECT comment FROM system.tables WHERE database = {database:String}"
        " AND name = {table:String}",
        parameters={"database": analytics.database, "table": table},
        comment=_COMMENT,
    )
    noted = str(found.one()["comment"])
    if noted == said:
        return []
    if noted:
        sentence = (
            f"{dataset.name}: key, keyFallback and eventTime cannot change once there are tables;"
            f" {table} was made for {noted}"
        )
        raise CatalogueRefused([sentence])
    return [f"ALTER TABLE {analytics.database}.{table} MODIFY COMMENT {quoted(said)}"]
