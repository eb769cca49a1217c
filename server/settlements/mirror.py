"""The copy of the sources of record that the view of all settlements reads, in ClickHouse.

Rows are only ever added, each with its version; the highest of an account speaks. So writing twice,
late or in the wrong order is harmless, and a copy that lags names what was named before.
"""

from sqlalchemy import update
from sqlmodel import col, select

from server.analytics.gateway import Analytics
from server.datasets.canonical_view import SOURCES_COLUMNS, SOURCES_TABLE
from server.settlements.models import SettlementSource
from server.unit_of_work import UnitsOfWork

_PAGE = 5000
_COMMENT = "settlement-sources"


async def mirror(units: UnitsOfWork, analytics: Analytics) -> int:
    """Bring the copy up to date; return how many sources it did not have.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer; the copy lags until it is tried again.
    """
    behind = col(SettlementSource.version) > col(SettlementSource.mirrored_version)
    told = 0
    while True:
        async with units.begin() as unit:
            found = await unit.session.exec(select(SettlementSource).where(behind).limit(_PAGE))
            sources = list(found)
        if not sources:
            return told
        await _write(analytics, sources)
        async with units.begin() as unit:
            for source in sources:
                await unit.session.exec(
                    update(SettlementSource)
                    .where(
                        col(SettlementSource.workspace_id) == source.workspace_id,
                        col(SettlementSource.provider) == source.provider,
                        col(SettlementSource.account) == source.account,
                        col(SettlementSource.mirrored_version) < source.version,
                    )
                    .values(mirrored_version=source.version)
                    .execution_options(synchronize_session=False)
                )
        told += len(sources)


async def forget_mirror(units: UnitsOfWork, analytics: Analytics) -> None:
    """Let every source be written anew when the copy is gone: ClickHouse was restored, or emptied.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    found = await analytics.query(
        f"SELECT count() AS n FROM {analytics.database}.{SOURCES_TABLE}", comment=_COMMENT
    )
    if found.one()["n"]:
        return
    async with units.begin() as unit:
        await unit.session.exec(
            update(SettlementSource)
            .values(mirrored_version=0)
            .execution_options(synchronize_session=False)
        )


async def _write(analytics: Analytics, sources: list[SettlementSource]) -> None:
    rows = [
        (source.workspace_id, source.provider, source.account, source.dataset_type, source.version)
        for source in sources
    ]
    await analytics.insert(SOURCES_TABLE, rows, SOURCES_COLUMNS, comment=_COMMENT)
