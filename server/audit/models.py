"""The table of the audit trail; the database itself refuses to change or remove a line of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from server.db.types import Json, UtcDateTime


class AuditEvent(SQLModel, table=True):
    """One line of the trail: who did what to what, when and from where."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_newest", "workspace_id", "event_id"),
        Index("ix_audit_events_actor", "workspace_id", "actor"),
    )

    event_id: UUID = Field(primary_key=True)
    """UUIDv7: the order of the lines."""
    workspace_id: str = Field(max_length=36)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=120)
    """`user:<e-mail>`, `key:<name>` or `cli`, as records of files have it."""
    actor_id: str = Field(max_length=36)
    """Id of the user or of the key; empty when there is none."""
    action: str = Field(max_length=48)
    subject_kind: str = Field(max_length=16)
    subject_id: str = Field(max_length=36)
    subject: str = Field(max_length=255)
    """What it was called then: a file's name, a person's e-mail."""
    address: str = Field(max_length=45)
    """IP address of the caller, empty outside of a request."""
    request_id: str = Field(max_length=64)
    detail: dict[str, object] = Field(sa_type=Json)
    """Before and after, never a secret."""
