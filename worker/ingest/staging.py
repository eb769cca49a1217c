"""The tables one attempt works in: named after it, dropped when it is over, swept when it died."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.tables import create_table
from server.files.claims import Claim


@dataclass(frozen=True)
class Staging:
    """The attempt's own tables, with their database."""

    database: str
    dataset: Dataset
    attempt_name: str
    """`<dataset>_<file id>_<attempt>`: unique, and told apart from every other attempt's."""

    @property
    def rows(self) -> str:
        """Return the table that holds the judged rows."""
        return self.scratch("staging")

    def scratch(self, purpose: str) -> str:
        """Return the name of a further table of this attempt."""
        return f"{self.database}.{purpose}_{self.attempt_name}"


def staging_of(analytics: Analytics, claim: Claim, dataset: Dataset) -> Staging:
    """Return the names; creates nothing."""
    name = f"{dataset.name}_{claim.file_id.hex}_{claim.attempt}"
    return Staging(analytics.database, dataset, name)


async def create(analytics: Analytics, staging: Staging, table: str, comment: str) -> None:
    """Create an empty table of the dataset's structure under one of the attempt's names."""
    bare = table.removeprefix(f"{staging.database}.")
    await drop(analytics, table, comment)
    await analytics.command(create_table(staging.dataset, staging.database, bare), comment=comment)


async def drop(analytics: Analytics, table: str, comment: str) -> None:
    """Drop the table at once, where it is there. SYNC: its rows must not outlive it on disk."""
    await analytics.command(f"DROP TABLE IF EXISTS {table} SYNC", comment=comment)


async def drop_all(analytics: Analytics, staging: Staging, comment: str) -> None:
    """Drop every table of the attempt."""
    found = await analytics.query(
        "SELECT name FROM system.tables WHERE database = {database:String}"
        " AND endsWith(name, {suffix:String})",
        parameters={"database": staging.database, "suffix": f"_{staging.attempt_name}"},
        comment=comment,
    )
    for (name,) in found.rows:
        await drop(analytics, f"{staging.database}.{name}", comment)


async def keep_only(
    analytics: Analytics,
    tables: Staging,
    target: str,
    partition: str,
    *,
    condition: str,
    parameters: Mapping[str, object] | None = None,
    comment: str,
) -> None:
    """Write one partition of target anew with the rows that meet the condition.

    Args:
        analytics: the gateway.
        tables: lends its scratch table.
        target: a table of the dataset's structure.
        partition: the partition's id.
        condition: which rows stay, over the columns of target.
        parameters: of the condition.
        comment: whose statement it is.
    """
    side = tables.scratch("side")
    await create(analytics, tables, side, comment)
    await analytics.command(
        f"INSERT INTO {side} SELECT * FROM {target}"
        f" WHERE _partition_id = '{partition}' AND {condition}",
        parameters=parameters,
        comment=comment,
    )
    left = await analytics.query(f"SELECT count() AS n FROM {side}", comment=comment)
    # ClickHouse refuses to replace a partition by nothing.
    change = (
        f"REPLACE PARTITION ID '{partition}' FROM {side}"
        if left.one()["n"]
        else f"DROP PARTITION ID '{partition}'"
    )
    await analytics.command(f"ALTER TABLE {target} {change}", comment=comment)
    await drop(analytics, side, comment)
