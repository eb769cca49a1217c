"""Which report counts for an account, and why: the tables of the sources of record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from server.db.types import UtcDateTime

# As long as `account_of` lets them get (`server/datasets/canonical_sql.py`).
LABEL_LENGTH = 200


class SettlementAccount(SQLModel, table=True):
    """An account that one attempt at a file tells of; written before its rows are swapped in."""

    __tablename__ = "settlement_accounts"
    __table_args__ = (
        Index("ix_settlement_accounts_account", "workspace_id", "provider", "account"),
    )

    file_id: UUID = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    provider: str = Field(primary_key=True, max_length=LABEL_LENGTH)
    account: str = Field(primary_key=True, max_length=LABEL_LENGTH)
    workspace_id: str = Field(max_length=36)
    dataset_type: str = Field(max_length=64)


class SettlementSource(SQLModel, table=True):
    """The one dataset whose rows count for an account: its source of record."""

    __tablename__ = "settlement_sources"

    workspace_id: str = Field(primary_key=True, max_length=36)
    provider: str = Field(primary_key=True, max_length=LABEL_LENGTH)
    account: str = Field(primary_key=True, max_length=LABEL_LENGTH)
    dataset_type: str = Field(max_length=64)
    chosen: str | None = Field(default=None, max_length=64)
    """What somebody chose; it counts as long as a file of it is published. None: by itself, the
    dataset of the account's earliest file."""
    version: int = Field(sa_type=BigInteger)
    """Grows with every change of dataset_type; the copy in ClickHouse takes the highest."""
    mirrored_version: int = Field(default=0, sa_type=BigInteger)
    """Which version the copy has."""


class SettlementSourceChange(SQLModel, table=True):
    """One change of a source of record; append-only."""

    __tablename__ = "settlement_source_changes"
    __table_args__ = (
        Index("ix_settlement_source_changes_account", "workspace_id", "provider", "account"),
    )

    change_id: UUID = Field(primary_key=True)
    workspace_id: str = Field(max_length=36)
    provider: str = Field(max_length=LABEL_LENGTH)
    account: str = Field(max_length=LABEL_LENGTH)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=120)
    """`key:…`, `user:…` or `worker:…`."""
    cause: str = Field(max_length=32)
    """source.named, source.chosen, source.released or source.followed (the files changed)."""
    dataset_before: str | None = Field(default=None, max_length=64)
    dataset_after: str = Field(max_length=64)
