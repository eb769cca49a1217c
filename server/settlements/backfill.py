"""Names the accounts of files that were published before sources of record were kept.

Run when a worker starts, before it takes a file; on any later start there is nothing left to do.
"""

from sqlmodel import col, select

from server.analytics.gateway import Analytics
from server.datasets.canonical_sql import account_of
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, history_table
from server.files.models import File
from server.settlements.models import SettlementAccount
from server.settlements.repository import Account, Brought
from server.settlements.sources import Actor, announce, follow_files
from server.unit_of_work import UnitsOfWork

_COMMENT = "settlement-sources"


async def name_earlier_accounts(
    units: UnitsOfWork, analytics: Analytics, catalogue: Catalogue, actor: Actor
) -> int:
    """Name what published files tell of and nobody noted; return how many files that were.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer; the rest is done the next time.
    """
    named = 0
    for dataset in catalogue.all():
        if account_of(dataset) is None:
            continue
        for brought in await _unnoted(units, dataset):
            accounts = await _accounts(analytics, dataset, brought)
            async with units.begin() as unit:
                await announce(unit, brought, accounts, actor)
                # Files come in any order here: the earliest is what counts.
                await follow_files(unit, [brought.file_id], actor)
            named += 1
    return named


async def _unnoted(units: UnitsOfWork, dataset: Dataset) -> list[Brought]:
    noted = select(SettlementAccount.file_id).where(
        SettlementAccount.file_id == File.file_id,
        SettlementAccount.attempt == File.published_attempt,
    )
    async with units.begin() as unit:
        found = await unit.session.exec(
            select(File.file_id, File.published_attempt, File.workspace_id).where(
                File.dataset_type == dataset.name,
                col(File.published_attempt).is_not(None),
                col(File.rows_imported) > 0,
                ~noted.exists(),
            )
        )
        return [
            Brought(file_id, attempt, workspace, dataset.name)
            for file_id, attempt, workspace in found
            if attempt is not None
        ]


async def _accounts(analytics: Analytics, dataset: Dataset, brought: Brought) -> list[Account]:
    provider, account = account_of(dataset) or ("''", "''")
    found = await analytics.query(
        f"SELECT DISTINCT toString({provider}) AS provider, toString({account}) AS account"
        f" FROM {analytics.database}.{history_table(dataset)}"
        " WHERE _workspace = {workspace:String} AND _file = {file:UUID}"
        f" AND _attempt = {{attempt:UInt32}} AND _verdict = {GOOD} ORDER BY provider, account",
        parameters={
            "workspace": brought.workspace_id,
            "file": str(brought.file_id),
            "attempt": brought.attempt,
        },
        comment=_COMMENT,
    )
    return [Account(str(one), str(other)) for one, other in found.rows]
