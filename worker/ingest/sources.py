"""Keeps the sources of record in step with what is published (`server/settlements/sources.py`).

Called around a swap of a dataset whose rows are settlements; for any other there is nothing to do.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.datasets.canonical_sql import account_of
from server.datasets.tables import GOOD
from server.settlements.mirror import mirror
from server.settlements.repository import Account, Brought
from server.settlements.sources import Actor, announce, follow_files
from server.unit_of_work import UnitOfWork
from worker.ingest.attempt import Attempt
from worker.ingest.resolve import Published

_TRIES: Final = 5


async def announce_accounts(attempt: Attempt, own: Published, rows: str) -> None:
    """Name the accounts that a file is about to bring, before readers can see its rows.

    Args:
        attempt: names the dataset and the workspace.
        own: the file and the attempt that brings it.
        rows: what follows FROM: its rows.

    Raises:
        AnalyticsUnavailable: the copy could not be told; nothing is visible yet.
    """
    accounts = await _accounts(attempt, rows)
    if not accounts:
        return
    context = attempt.context
    brought = Brought(
        file_id=own.file_id,
        attempt=own.attempt,
        workspace_id=attempt.claim.workspace_id,
        dataset_type=attempt.dataset.name,
    )
    for left in reversed(range(_TRIES)):
        try:
            async with context.units.begin() as unit:
                await announce(unit, brought, accounts, _actor(attempt))
            break
        except IntegrityError:
            # The publisher of another dataset named one of them in this moment.
            if not left:
                raise
    await mirror(context.units, context.analytics)


async def follow_swap(unit: UnitOfWork, attempt: Attempt, files: Sequence[UUID]) -> None:
    """Let the sources follow what a swap brought and took, in the transaction that records it."""
    if account_of(attempt.dataset) is not None:
        await follow_files(unit, files, _actor(attempt))


async def tell_readers(attempt: Attempt) -> None:
    """Bring the readers' copy up to date after a recorded swap.

    Raises:
        AnalyticsUnavailable: it lags until the sweep comes by; nothing is counted twice meanwhile.
    """
    if account_of(attempt.dataset) is not None:
        await mirror(attempt.context.units, attempt.context.analytics)


def _actor(attempt: Attempt) -> Actor:
    return Actor(f"worker:{attempt.context.worker_name}", attempt.context.clock())


async def _accounts(attempt: Attempt, rows: str) -> list[Account]:
    named = account_of(attempt.dataset)
    if named is None:
        return []
    provider, account = named
    where = rows if " WHERE " in rows else f"{rows} WHERE _verdict = {GOOD}"
    found = await attempt.query(
        f"SELECT DISTINCT toString({provider}) AS provider, toString({account}) AS account"
        f" FROM {where} ORDER BY provider, account"
    )
    return [Account(str(one), str(other)) for one, other in found.rows]
