"""The tables of mappings: a row for each, and one for every version that ever was.

Never returned from a handler; `schemas.py` says what callers see.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.db.types import Json, UtcDateTime

_NOT_DELETED = text("deleted_at IS NULL")


class SavedMapping(SQLModel, table=True):
    """One mapping; what it says is in its newest version."""

    __tablename__ = "mappings"
    __table_args__ = (
        Index(
            "ix_mappings_name",
            "workspace_id",
            "name",
            unique=True,
            sqlite_where=_NOT_DELETED,
            postgresql_where=_NOT_DELETED,
        ),
        Index("ix_mappings_workspace", "workspace_id", "mapping_id"),
    )

    mapping_id: UUID = Field(primary_key=True)
    """UUIDv7: its order is the order of making."""
    workspace_id: str = Field(max_length=36)
    name: str = Field(max_length=100)
    dataset_type: str = Field(max_length=64)
    version: int
    """The newest, from 1."""
    header_fingerprint: str = Field(max_length=64)
    """Of the newest version's header: `header.fingerprint`."""
    created_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Its versions stay: files' records name them."""


class MappingVersion(SQLModel, table=True):
    """What a mapping said from then on; append-only."""

    __tablename__ = "mapping_versions"

    mapping_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, object] = Field(sa_type=Json)
    """The request's body (`schemas.MappingRequest`), camelCase."""
    created_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
