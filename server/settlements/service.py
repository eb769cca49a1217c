"""What callers can see and change of the sources of record."""

import base64
import binascii
import json
from dataclasses import dataclass

from sqlalchemy import tuple_
from sqlmodel import col, select

from server.access.principal import Principal
from server.analytics.gateway import Analytics
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.datasets.canonical_sql import account_of
from server.datasets.catalogue import Catalogue
from server.errors import FieldFault, Malformed, NotFound, StateConflict, UnknownDataset
from server.settlements.mirror import mirror
from server.settlements.models import SettlementSource
from server.settlements.repository import Account, Report, reports_of
from server.settlements.sources import Actor, choose
from server.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class Source:
    """An account, what counts for it, and which reports tell of it."""

    account: Account
    dataset_type: str
    is_chosen: bool
    reports: tuple[Report, ...]
    """The dataset of the earliest file first."""


@dataclass(frozen=True)
class SourcePage:
    """Some accounts in order, and the cursor of the last when there are more."""

    sources: tuple[Source, ...]
    next: str | None


class SettlementSources:
    """The sources of record of each workspace."""

    def __init__(
        self, units: UnitsOfWork, analytics: Analytics, catalogue: Catalogue, clock: Clock
    ) -> None:
        self._units = units
        self._analytics = analytics
        self._catalogue = catalogue
        self._clock = clock

    async def page(self, workspace: str, *, size: int, after: str | None) -> SourcePage:
        """Return accounts by provider and name.

        Raises:
            Malformed: `after` is no cursor of ours.
        """
        last = _read_cursor(after) if after else None
        key = tuple_(col(SettlementSource.provider), col(SettlementSource.account))
        async with self._units.begin() as unit:
            asked = select(SettlementSource).where(SettlementSource.workspace_id == workspace)
            if last is not None:
                asked = asked.where(key > (last.provider, last.account))
            order = (col(SettlementSource.provider), col(SettlementSource.account))
            found = list(await unit.session.exec(asked.order_by(*order).limit(size + 1)))
            shown = found[:size]
            accounts = [Account(row.provider, row.account) for row in shown]
            reports = await reports_of(unit, workspace, accounts)
        sources = tuple(_source(row, reports) for row in shown)
        has_more = len(found) > size
        return SourcePage(sources, _cursor(sources[-1].account) if has_more else None)

    async def choose(self, by: Principal, account: Account, dataset_type: str | None) -> Source:
        """Let a dataset count for the account; None lets it follow from the files again.

        Args:
            by: who chooses, in their workspace; a line of the audit trail says so.
            account: whose money it is.
            dataset_type: what is to count.

        Raises:
            UnknownDataset: its rows are no settlements.
            NotFound: no file of this workspace tells of the account.
            StateConflict: no published file of that dataset does.
            AnalyticsUnavailable: it is chosen, and dashboards show it when ClickHouse is back.
        """
        if dataset_type is not None:
            self._check(dataset_type)
        workspace = by.workspace_id
        async with self._units.begin() as unit:
            reports = await reports_of(unit, workspace, [account])
            told = [report.dataset_type for report in reports.get(account, ())]
            if not told:
                detail = "No published file tells of this account of this provider."
                raise NotFound(detail)
            if dataset_type is not None and dataset_type not in told:
                detail = f"No published file of {dataset_type} tells of it; {told[0]} does."
                raise StateConflict(detail)
            actor = Actor(by.name, self._clock())
            row = await choose(unit, workspace, account, dataset_type, actor)
            await record(
                unit,
                Action.SETTLEMENT_SOURCE_CHOSEN,
                by=by,
                to=Subject("account", "", f"{account.provider} {account.account}"),
                at=actor.at,
                detail={"chosen": dataset_type, "counts": row.dataset_type},
            )
            source = _source(row, reports)
        await mirror(self._units, self._analytics)
        return source

    def _check(self, dataset_type: str) -> None:
        known = [one.name for one in self._catalogue.all() if account_of(one) is not None]
        if dataset_type not in known:
            detail = f"The rows of {dataset_type[:80]!r} are no settlements."
            raise UnknownDataset(detail, extras={"known": known})


def _source(row: SettlementSource, reports: dict[Account, tuple[Report, ...]]) -> Source:
    account = Account(row.provider, row.account)
    is_chosen = row.chosen is not None and row.chosen == row.dataset_type
    return Source(account, row.dataset_type, is_chosen, reports.get(account, ()))


def _cursor(account: Account) -> str:
    text = json.dumps([account.provider, account.account])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> Account:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        provider, account = json.loads(text)
    except (ValueError, TypeError, binascii.Error) as fault:
        told = FieldFault("page[after]", "malformed", "Not a cursor of this list.")
        raise Malformed(errors=[told]) from fault
    return Account(str(provider), str(account))
