"""What taking a file back would change, in rows and money, before it is done.

Read with the same rule by which `worker/ingest/resolve.py` fills the keys: the newest published
file wins. Nothing is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from server.analytics.gateway import Analytics
from server.datasets.canonical_sql import money_of
from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, current_table, history_table


@dataclass(frozen=True)
class Sum:
    """Rows of one currency and type, and the plain sum of their amounts."""

    currency: str
    type: str
    """Empty where the dataset has no type."""
    rows: int
    amount: Decimal | None
    """None where the dataset has no amount that could be summed, as rates have none."""


@dataclass(frozen=True)
class Consequence:
    """What leaves, and what comes back in its place."""

    leaving: tuple[Sum, ...]
    returning: tuple[Sum, ...]


Published = tuple[UUID, int]
"""A file whose rows readers see, and the attempt that brought them."""


async def standing_rows(
    analytics: Analytics, dataset: Dataset, *, workspace_id: str, file_id: UUID
) -> tuple[Sum, ...]:
    """Return what readers see of the file now.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    current = f"{analytics.database}.{current_table(dataset)}"
    mine = f"{current} WHERE _workspace = {{workspace:String}} AND _file = {{file:UUID}}"
    names = {"workspace": workspace_id, "file": str(file_id)}
    return await _sums(analytics, dataset, mine, names, f"standing:{file_id}")


async def undo_consequence(
    analytics: Analytics,
    dataset: Dataset,
    *,
    workspace_id: str,
    file_id: UUID,
    others: Sequence[Published],
) -> Consequence:
    """Return what undoing the file would change.

    Args:
        analytics: the gateway.
        dataset: of the file.
        workspace_id: of the file.
        file_id: which.
        others: the other published files of the workspace and dataset.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    names = {"workspace": workspace_id, "file": str(file_id)}
    comment = f"consequence:{file_id}"
    current = f"{analytics.database}.{current_table(dataset)}"
    history = f"{analytics.database}.{history_table(dataset)}"
    mine = f"{current} WHERE _workspace = {{workspace:String}} AND _file = {{file:UUID}}"
    older = (
        f"{history} WHERE _workspace = {{workspace:String}} AND _file != {{file:UUID}}"
        f" AND _verdict = {GOOD} AND _key IN (SELECT _key FROM {mine})"
    )
    leaving = await _sums(analytics, dataset, mine, names, comment)
    met = await analytics.query(
        f"SELECT DISTINCT toString(_file) AS file, _attempt AS attempt FROM {older}",
        parameters=names,
        comment=comment,
    )
    known = {(str(one), attempt) for one, attempt in others}
    there = sorted({(str(file), int(str(attempt))) for file, attempt in met.rows} & known)
    if not there:
        return Consequence(leaving, ())
    published = {
        "files": [file for file, _ in there],
        "attempts": [attempt for _, attempt in there],
    }
    rows = (
        f"{older} AND (toString(_file), _attempt) IN (SELECT arrayJoin("
        "arrayZip({files:Array(String)}, {attempts:Array(UInt32)})))"
    )
    winning = (
        f"{rows} AND (_key, _uploaded_at, _file) IN (SELECT _key, newest.1, newest.2 FROM"
        f" (SELECT _key, max((_uploaded_at, _file)) AS newest FROM {rows} GROUP BY _key))"
    )
    returning = await _sums(analytics, dataset, winning, {**names, **published}, comment)
    return Consequence(leaving, returning)


async def _sums(
    analytics: Analytics,
    dataset: Dataset,
    rows: str,
    parameters: Mapping[str, object],
    comment: str,
) -> tuple[Sum, ...]:
    currency, kind, amount = money_of(dataset)
    has_amount = dataset.canonical is not None or dataset.roles.amount is not None
    answer = await analytics.query(
        f"SELECT toString({currency}) AS c, toString({kind}) AS t, count() AS n,"
        f" sum({amount}) AS s FROM {rows} GROUP BY c, t ORDER BY c, n DESC",
        parameters=parameters,
        comment=comment,
    )
    return tuple(
        Sum(str(currency), str(kind), int(str(count)), Decimal(str(amount)) if has_amount else None)
        for currency, kind, count, amount in answer.rows
    )
