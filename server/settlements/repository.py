"""The statements on accounts and their sources of record; the rules are in `sources.py`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, tuple_
from sqlmodel import col, select

from server.files.models import File
from server.settlements.models import SettlementAccount, SettlementSource
from server.unit_of_work import UnitOfWork

# SQLite takes some 32 000 values in one statement.
_BATCH: Final = 1000


@dataclass(frozen=True, order=True)
class Account:
    """An account of a provider, in a workspace."""

    provider: str
    account: str


@dataclass(frozen=True)
class Report:
    """The published files of one dataset that tell of an account."""

    dataset_type: str
    first_uploaded_at: datetime
    """When the earliest of them arrived."""


@dataclass(frozen=True)
class Brought:
    """Rows that an attempt at a file is about to bring."""

    file_id: UUID
    attempt: int
    workspace_id: str
    dataset_type: str


async def note(unit: UnitOfWork, brought: Brought, accounts: Sequence[Account]) -> None:
    """Write down which accounts an attempt tells of; what is there already stays."""
    found = await unit.session.exec(
        select(SettlementAccount.provider, SettlementAccount.account).where(
            SettlementAccount.file_id == brought.file_id,
            SettlementAccount.attempt == brought.attempt,
        )
    )
    noted = {Account(provider, account) for provider, account in found}
    unit.session.add_all(
        SettlementAccount(
            file_id=brought.file_id,
            attempt=brought.attempt,
            provider=account.provider,
            account=account.account,
            workspace_id=brought.workspace_id,
            dataset_type=brought.dataset_type,
        )
        for account in accounts
        if account not in noted
    )
    await unit.session.flush()


async def locked(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account]
) -> dict[Account, SettlementSource]:
    """Return the sources of the accounts that have one, locked until the transaction ends."""
    known: dict[Account, SettlementSource] = {}
    for some in _batches(accounts):
        found = await unit.session.exec(
            select(SettlementSource)
            .where(
                SettlementSource.workspace_id == workspace,
                _are(SettlementSource.provider, SettlementSource.account, some),
            )
            # In one order everywhere, so that two of them never wait for each other.
            .order_by(col(SettlementSource.provider), col(SettlementSource.account))
            .with_for_update()
        )
        known |= {Account(source.provider, source.account): source for source in found}
    return known


async def reports_of(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account]
) -> dict[Account, tuple[Report, ...]]:
    """Return what is published about each account, the dataset of the earliest file first."""
    reports: dict[Account, list[Report]] = {}
    for some in _batches(accounts):
        found = await unit.session.exec(
            select(
                SettlementAccount.provider,
                SettlementAccount.account,
                SettlementAccount.dataset_type,
                func.min(File.uploaded_at),
            )
            .join(
                File,
                (col(File.file_id) == col(SettlementAccount.file_id))
                & (col(File.published_attempt) == col(SettlementAccount.attempt)),
            )
            .where(
                SettlementAccount.workspace_id == workspace,
                _are(SettlementAccount.provider, SettlementAccount.account, some),
            )
            .group_by(
                col(SettlementAccount.provider),
                col(SettlementAccount.account),
                col(SettlementAccount.dataset_type),
            )
        )
        for provider, account, dataset, first in found:
            if first is None:
                continue
            reports.setdefault(Account(provider, account), []).append(Report(dataset, first))
    return {account: tuple(sorted(told, key=_by_arrival)) for account, told in reports.items()}


def _batches(accounts: Sequence[Account]) -> Iterable[Sequence[Account]]:
    return (accounts[begin : begin + _BATCH] for begin in range(0, len(accounts), _BATCH))


def _by_arrival(report: Report) -> tuple[datetime, str]:
    return report.first_uploaded_at, report.dataset_type


def _are(provider: object, account: object, accounts: Iterable[Account]) -> ColumnElement[bool]:
    return tuple_(col(provider), col(account)).in_(
        [(one.provider, one.account) for one in accounts]
    )
