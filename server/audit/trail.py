"""Writes lines of the audit trail, in the transaction of what they tell, and reads them back.

Whatever room changes something that somebody may have to answer for calls `record` with the unit of
work of that change: the change and its line are durable together, or neither is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlmodel import col, select
from uuid_utils.compat import uuid7

from server.audit.actions import Action
from server.audit.models import AuditEvent
from server.telemetry.request_id import current_client_address, current_request_id
from server.unit_of_work import UnitOfWork, UnitsOfWork

_NAME_CHARACTERS = 255


class Actor(Protocol):
    """Who did it: a principal."""

    @property
    def workspace_id(self) -> str:
        """Return the workspace it was done in."""

    @property
    def name(self) -> str:
        """Return `user:<e-mail>`, `key:<name>` or `cli`."""

    @property
    def key_id(self) -> str:
        """Return the id of the user or the key, empty when there is none."""


@dataclass(frozen=True)
class Subject:
    """What it was done to."""

    kind: str
    """`file`, `key`, `user`, `invitation`, `workspace`, `mapping` or `column`."""
    subject_id: str
    name: str


@dataclass(frozen=True)
class AuditQuery:
    """Which lines of a workspace are asked for, newest first."""

    actor: str = ""
    """Exactly this actor; empty for all."""
    action: str = ""
    """This action, or all of a kind: `key` stands for `key.created` and its like."""
    from_at: datetime | None = None
    to_at: datetime | None = None
    """The end, which does not belong to it."""
    after: UUID | None = None
    """Only lines older than this one."""
    size: int = 50


async def record(
    unit: UnitOfWork,
    action: Action,
    *,
    by: Actor,
    to: Subject,
    at: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one line into the transaction.

    Args:
        unit: the transaction of the change itself.
        action: what was done.
        by: who did it; their workspace keeps the line.
        to: what it was done to.
        at: the present, aware.
        detail: before and after, as JSON; never a secret, never a cell of a file.
    """
    unit.session.add(
        AuditEvent(
            event_id=UUID(int=uuid7().int),
            workspace_id=by.workspace_id,
            at=at,
            actor=by.name,
            actor_id=by.key_id,
            action=str(action),
            subject_kind=to.kind,
            subject_id=to.subject_id,
            subject=to.name[:_NAME_CHARACTERS],
            address=current_client_address(),
            request_id=current_request_id(),
            detail=dict(detail or {}),
        )
    )
    await unit.session.flush()


class AuditTrail:
    """Reads the lines of a workspace."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def page(self, workspace_id: str, query: AuditQuery) -> list[AuditEvent]:
        """Return at most query.size lines, newest first."""
        of = AuditEvent
        statement = (
            select(of)
            .where(col(of.workspace_id) == workspace_id)
            .order_by(col(of.event_id).desc())
            .limit(query.size)
        )
        if query.actor:
            statement = statement.where(col(of.actor) == query.actor)
        if query.action:
            is_kind = "." not in query.action
            statement = statement.where(
                col(of.action).startswith(f"{query.action}.", autoescape=True)
                if is_kind
                else col(of.action) == query.action
            )
        if query.from_at is not None:
            statement = statement.where(col(of.at) >= query.from_at)
        if query.to_at is not None:
            statement = statement.where(col(of.at) < query.to_at)
        if query.after is not None:
            statement = statement.where(col(of.event_id) < query.after)
        async with self._units.begin() as unit:
            return list((await unit.session.exec(statement)).all())

    async def actors(self, workspace_id: str, *, limit: int = 100) -> list[str]:
        """Return who has a line in the trail, in alphabetical order."""
        statement = (
            select(AuditEvent.actor)
            .where(col(AuditEvent.workspace_id) == workspace_id)
            .distinct()
            .order_by(col(AuditEvent.actor))
            .limit(limit)
        )
        async with self._units.begin() as unit:
            return list((await unit.session.exec(statement)).all())
