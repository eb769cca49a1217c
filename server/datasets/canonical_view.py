"""Puts the view of all settlements into ClickHouse, and the table that names their sources.

Called by `provision.py`. The table is a copy of what the database says (`server/settlements/`):
for each account of a provider the one dataset whose rows count. Whatever state the copy is in, it
names one dataset an account, so nothing is ever counted twice; an account that it does not name is
not told at all, so an account is named before its first rows are swapped in.
"""

from hashlib import sha256

from server.analytics.gateway import Analytics
from server.datasets.canonical_sql import (
    CANONICAL_VIEW,
    SETTLEMENTS,
    view_columns,
    view_select,
)
from server.datasets.catalogue import Catalogue

SOURCES_TABLE = "settlement_sources"
SOURCES_COLUMNS = ("_workspace", "provider", "account", "dataset", "version")

_COMMENT = "provision"


async def provide_canonical_view(analytics: Analytics, catalogue: Catalogue) -> None:
    """Create the view, or create it anew when the declarations say something else by now.

    It names tables and is read when it is asked, so it survives every exchange of them.
    """
    database = analytics.database
    await analytics.command(
        f"CREATE TABLE IF NOT EXISTS {database}.{SOURCES_TABLE} ("
        "_workspace LowCardinality(String), provider String, account String,"
        " dataset LowCardinality(String), version UInt64"
        ") ENGINE = ReplacingMergeTree(version) ORDER BY (_workspace, provider, account)",
        comment=_COMMENT,
    )
    settlements = catalogue.get(SETTLEMENTS)
    if settlements is None:
        return
    reports = [dataset for dataset in catalogue.all() if dataset.canonical is not None]
    columns = ", ".join(name for name, _ in view_columns(settlements))
    # Asked once for all sources: asked once for each, a change in between could count both.
    named = (
        "SELECT _workspace, provider, account, argMax(dataset, version)"
        f" FROM {database}.{SOURCES_TABLE} GROUP BY _workspace, provider, account"
    )
    select = (
        f"SELECT {columns} FROM (\n{view_select(settlements, reports, database)}\n)"
        f"\nWHERE (_workspace, _provider, _account, _dataset) IN ({named})"
    )
    definition = f"definition {sha256(select.encode()).hexdigest()}"
    if await _comment_of_view(analytics) == definition:
        return
    await analytics.command(
        f"CREATE OR REPLACE VIEW {database}.{CANONICAL_VIEW} AS {select} COMMENT '{definition}'",
        comment=_COMMENT,
    )


async def _comment_of_view(analytics: Analytics) -> str | None:
    found = await analytics.query(
        "SELECT comment FROM system.tables WHERE database = {database:String}"
        " AND name = {name:String}",
        parameters={"database": analytics.database, "name": CANONICAL_VIEW},
        comment=_COMMENT,
    )
    return str(found.one()["comment"]) if found.rows else None
