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

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.files.ids import new_id
from server.settlements.models import (
    SettlementAccount,
    SettlementSource,
    SettlementSourceChange,
)
from server.settlements.repository import Account, Brought, locked, note, reports_of
from server.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Actor:
    """Who changes a source, and when."""

    name: str
    at: datetime


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
    await note(unit, brought, accounts)
    workspace, dataset = brought.workspace_id, brought.dataset_type
    known = await locked(unit, workspace, accounts)
    spoken_for = await reports_of(unit, workspace, accounts)
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
    known = await locked(unit, workspace, accounts)
    reports = await reports_of(unit, workspace, accounts)
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
    source = (await locked(unit, workspace, [account]))[account]
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
