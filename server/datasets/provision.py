"""Puts into ClickHouse what the catalogue declares: the database, the zones, the tables.

Run by `tallydock migrate`, and by every worker when it starts, before it takes a file. Idempotent.
"""

from importlib.metadata import version

from server.analytics.gateway import Analytics
from server.analytics.zones import all_intervals, packed_offset
from server.datasets.canonical_view import provide_canonical_view
from server.datasets.catalogue import Catalogue
from server.datasets.sql import quoted
from server.datasets.tables import (
    create_table,
    current_table,
    history_table,
    key_note,
    rejected_table,
)
from server.errors import QueryRejected

ZONES = "zones"
"""The dictionary that judging looks local times up in."""

_COMMENT = "provision"
_UNKNOWN_IDENTIFIER = 47


async def provision(analytics: Analytics, catalogue: Catalogue) -> None:
    """Create what is missing.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer; nothing is half done that a second run
            would not mend.
    """
    await analytics.create_database()
    await _provide_zones(analytics)
    for dataset in catalogue.all():
        for table in (current_table(dataset), history_table(dataset), rejected_table(dataset)):
            statement = create_table(dataset, analytics.database, table)
            if table == history_table(dataset):
                statement += f" COMMENT {quoted(key_note(dataset))}"
            await analytics.command(statement, comment=_COMMENT)
    try:
        await provide_canonical_view(analytics, catalogue)
    except QueryRejected as fault:
        # A column is declared that a table does not have yet: who adds it (`evolution.py`) makes
        # the view anew. Until then readers have the view of before.
        if fault.code != _UNKNOWN_IDENTIFIER:
            raise


async def _provide_zones(analytics: Analytics) -> None:
    # Rebuilt when the zone data of this install differ from those the table was built from.
    source = f"tzdata {version('tzdata')}, by number, packed"
    found = await analytics.query(
        "SELECT name FROM system.tables WHERE database = {database:String}"
        " AND name = {name:String} AND comment = {source:String}",
        parameters={"database": analytics.database, "name": ZONES, "source": source},
        comment=_COMMENT,
    )
    if found.rows and await _is_readable(analytics):
        return
    database, table = analytics.database, "zone_intervals"
    await analytics.command(f"DROP DICTIONARY IF EXISTS {database}.{ZONES}", comment=_COMMENT)
    await analytics.command(
        f"CREATE OR REPLACE TABLE {database}.{table} (zone UInt64, local_from Int64,"
        " local_to Int64, packed_offset Int32)"
        " ENGINE = MergeTree ORDER BY (zone, local_from)",
        comment=_COMMENT,
    )
    columns = ("zone", "local_from", "local_to", "packed_offset")
    rows = [(*place, packed_offset(offset, kind)) for *place, offset, kind in all_intervals()]
    await analytics.insert(table, rows, columns, comment=_COMMENT)
    await analytics.command(
        f"CREATE DICTIONARY {database}.{ZONES} (zone UInt64, local_from Int64, local_to Int64,"
        " packed_offset Int32) PRIMARY KEY zone"
        f" SOURCE(CLICKHOUSE({_reader(analytics)}DB '{database}' TABLE '{table}'))"
        " LAYOUT(RANGE_HASHED()) RANGE(MIN local_from MAX local_to) LIFETIME(0)"
        f" COMMENT '{source}'",
        comment=_COMMENT,
    )


async def _is_readable(analytics: Analytics) -> bool:
    """Return whether the dictionary may read its table: the password may have changed."""
    try:
        await analytics.command(
            f"SYSTEM RELOAD DICTIONARY {analytics.database}.{ZONES}", comment=_COMMENT
        )
    except QueryRejected:
        return False
    return True


def _reader(analytics: Analytics) -> str:
    # A dictionary reads with credentials of its own, even from the server it lives on. Without any
    # it would be the user `default` without a password, which no installed server has.
    if analytics.credentials is None:
        return ""
    user, password = (
        text.replace("\\", r"\\").replace("'", r"\'") for text in analytics.credentials
    )
    return f"USER '{user}' PASSWORD '{password}' "
