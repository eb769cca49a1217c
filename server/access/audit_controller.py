"""The workspace's audit trail, for who may read it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from server.access.guards import requires
from server.access.principal import Principal
from server.access.schemas import NextLink, next_path, time_text
from server.access.scopes import Scope
from server.audit.models import AuditEvent
from server.audit.trail import AuditQuery, AuditTrail
from server.errors import FieldFault, Malformed

_PATH = "/analytics/audit"
_FROM = "filter[from]"
_TO = "filter[to]"


class SubjectSchema(BaseModel):
    """What something was done to."""

    kind: str
    id: str
    name: str


class AuditEventSchema(BaseModel):
    """One line of the trail."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    id: str
    at: str | None
    actor: str
    actor_id: str
    action: str
    subject: SubjectSchema
    address: str
    request_id: str
    detail: dict[str, object]

    @classmethod
    def of(cls, row: AuditEvent) -> "AuditEventSchema":
        """Return what callers see of the row."""
        return cls(
            id=str(row.event_id),
            at=time_text(row.at),
            actor=row.actor,
            actor_id=row.actor_id,
            action=row.action,
            subject=SubjectSchema(kind=row.subject_kind, id=row.subject_id, name=row.subject),
            address=row.address,
            request_id=row.request_id,
            detail=row.detail,
        )


class AuditPageSchema(BaseModel):
    """A page of the trail, newest first."""

    results: list[AuditEventSchema]
    links: NextLink


class AuditController(Controller):
    """Who did what to what, when and from where."""

    path = _PATH
    tags: Sequence[str] | None = ("Audit",)
    guards = (requires(Scope.AUDIT_READ),)

    @get(summary="Read the audit trail")
    async def read_trail(
        self,
        *,
        principal: NamedDependency[Principal],
        trail: NamedDependency[AuditTrail],
        actor: Annotated[str, QueryParameter(name="filter[actor]", max_length=120)] = "",
        action: Annotated[str, QueryParameter(name="filter[action]", max_length=48)] = "",
        from_at: Annotated[datetime | None, QueryParameter(name=_FROM)] = None,
        to_at: Annotated[datetime | None, QueryParameter(name=_TO)] = None,
        size: Annotated[int, QueryParameter(name="page[size]", ge=1, le=100)] = 50,
        after: Annotated[UUID | None, QueryParameter(name="page[after]")] = None,
    ) -> AuditPageSchema:
        """Return the lines that fit, newest first.

        `filter[action]` is an action (`key.created`) or a kind of them (`key`); the moment of
        `filter[from]` belongs to the answer, that of `filter[to]` does not.
        """
        _check_zone({_FROM: from_at, _TO: to_at})
        query = AuditQuery(
            actor=actor, action=action, from_at=from_at, to_at=to_at, after=after, size=size + 1
        )
        rows = await trail.page(principal.workspace_id, query)
        shown = rows[:size]
        more = None
        if len(rows) > size:
            asked = {
                "filter[actor]": actor,
                "filter[action]": action,
                _FROM: from_at.isoformat() if from_at else "",
                _TO: to_at.isoformat() if to_at else "",
            }
            more = next_path(_PATH, size, shown[-1].event_id, asked)
        return AuditPageSchema(
            results=[AuditEventSchema.of(row) for row in shown], links=NextLink(next=more)
        )


def _check_zone(moments: Mapping[str, datetime | None]) -> None:
    """Refuse moments without a zone: nobody can know which one was meant."""
    faults = [
        FieldFault(name, "zone-missing", "Say the zone: 2026-01-31T10:00:00Z")
        for name, moment in moments.items()
        if moment is not None and moment.tzinfo is None
    ]
    if faults:
        raise Malformed(errors=faults)
