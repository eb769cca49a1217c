"""Names the source of record of every account, so that money is counted once.

Two reports may tell of the same money (an Adyen report and a `settlements` file; Checkout.com's two
reports). Of each account of a provider one dataset counts; the others are kept as they are and
serve as checks. Which one follows from the published files alone: what somebody chose, while a
file of it is published, else the dataset of the file that arrived first. So an undo leaves the
source that there would be had the file never been sent.

The view of all settlements reads a copy of this in ClickHouse (`mirror.py`). The order of things
keeps it right at every moment: an account is named, and the copy told, before its first rows are
swapped in; any other change is made in the transaction that records the swap, and told after it.
A copy that lags names one dataset all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, tuple_
from sqlmodel import col, select

from server.files.ids import new_id
from server.files.models import File
from server.settlements.models import (
    SettlementAccount,
    SettlementSource,
    SettlementSourceChange,
)
from server.unit_of_work import UnitOfWork

# SQLite takes some 32 000 values in one statement.
_BATCH: Final = 1000


@dataclass(frozen=True, order=True)
class Account:
    """An account of a provider, in a workspace."""

    provider: str
    account: str


@dataclass(frozen=True)
class Actor:
    """Who changes a source, and when."""

    name: str
    at: datetime


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


async def announce(
    unit: UnitOfWork,
    brought: Brought,
    accounts: Sequence[Account],
    actor: Actor,
) -> None:
    """Note the accounts that an attempt is about to bring, and name those nobody speaks for.

    Args:
        unit: the transaction.
        brought: whose rows.
        accounts: of the rows.
        actor: the worker.

    Raises:
        IntegrityError: another publisher named one of them in this moment; to be tried again.
    """
    await _note(unit, brought, accounts)
    workspace, dataset = brought.workspace_id, brought.dataset_type
    known = await _locked(unit, workspace, accounts)
    spoken_for = await _reports(unit, workspace, accounts)
    for account in accounts:
        source = known.get(account)
        if source is None:
            source = SettlementSource(
                workspace_id=workspace,
                provider=account.provider,
                account=account.account,
                dataset_type=dataset,
                version=1,
            )
            unit.session.add(source)
            _tell(unit, source, actor, "source.named", None)
        elif not spoken_for.get(account):
            _change(unit, source, dataset, actor, "source.named")
    await unit.session.flush()


async def follow(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account], actor: Actor, cause: str
) -> None:
    """Make the sources what follows from the choices and the published files."""
    # Locked first: of two swaps that are recorded at once the second sees the first one's files.
    known = await _locked(unit, workspace, accounts)
    reports = await _reports(unit, workspace, accounts)
    for account, source in known.items():
        found = reports.get(account, ())
        names = [report.dataset_type for report in found]
        if not names:
            continue
        following = source.chosen if source.chosen in names else names[0]
        if following is not None and following != source.dataset_type:
            _change(unit, source, following, actor, cause)
    await unit.session.flush()


async def choose(
    unit: UnitOfWork, workspace: str, account: Account, dataset: str | None, actor: Actor
) -> SettlementSource:
    """Let a dataset count for the account, whatever arrived first; None takes a choice back.

    Raises:
        KeyError: nobody has named a source for the account yet.
    """
    source = (await _locked(unit, workspace, [account]))[account]
    source.chosen = dataset
    unit.session.add(source)
    cause = "source.released" if dataset is None else "source.chosen"
    await follow(unit, workspace, [account], actor, cause)
    return source


async def follow_files(unit: UnitOfWork, files: Sequence[UUID], actor: Actor) -> None:
    """Do so for the accounts that the files tell of, or told of in an earlier attempt.

    The files may be of any workspace: who settles what a dead publisher left behind is of another.
    """
    found = await unit.session.exec(
        select(
            SettlementAccount.workspace_id, SettlementAccount.provider, SettlementAccount.account
        )
        .where(col(SettlementAccount.file_id).in_(files))
        .distinct()
    )
    by_workspace: dict[str, list[Account]] = {}
    for workspace, provider, account in sorted(found):
        by_workspace.setdefault(workspace, []).append(Account(provider, account))
    for workspace, accounts in by_workspace.items():
        await follow(unit, workspace, accounts, actor, "source.followed")


async def reports_of(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account]
) -> dict[Account, tuple[Report, ...]]:
    """Return what is published about each account, the dataset of the earliest file first."""
    return await _reports(unit, workspace, accounts)


async def _note(unit: UnitOfWork, brought: Brought, accounts: Sequence[Account]) -> None:
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


async def _locked(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account]
) -> dict[Account, SettlementSource]:
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


async def _reports(
    unit: UnitOfWork, workspace: str, accounts: Sequence[Account]
) -> dict[Account, tuple[Report, ...]]:
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


def _change(
    unit: UnitOfWork, source: SettlementSource, dataset: str, actor: Actor, cause: str
) -> None:
    if source.dataset_type == dataset:
        return
    before, source.dataset_type = source.dataset_type, dataset
    source.version += 1
    unit.session.add(source)
    _tell(unit, source, actor, cause, before)


def _tell(
    unit: UnitOfWork, source: SettlementSource, actor: Actor, cause: str, before: str | None
) -> None:
    unit.session.add(
        SettlementSourceChange(
            change_id=new_id(),
            workspace_id=source.workspace_id,
            provider=source.provider,
            account=source.account,
            at=actor.at,
            actor=actor.name,
            cause=cause,
            dataset_before=before,
            dataset_after=source.dataset_type,
        )
    )
