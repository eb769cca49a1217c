"""The table of exemptions from the search for card numbers: append-only, the newest row counts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from server.db.types import UtcDateTime


class CardExemption(SQLModel, table=True):
    """One decision about a column: to leave it out of the search, or not any more."""

    __tablename__ = "card_exemptions"
    __table_args__ = (
        Index("ix_card_exemptions_dataset", "workspace_id", "dataset_type", "exemption_id"),
    )

    exemption_id: UUID = Field(primary_key=True)
    """UUIDv7: its order is the order of the decisions."""
    workspace_id: str = Field(max_length=36)
    dataset_type: str = Field(max_length=64)
    column_name: str = Field(max_length=255)
    """A column of the dataset, or a label as it is compared (`labels.normalise`)."""
    is_exempt: bool
    """False ends what an earlier row began."""
    reason: str = Field(max_length=1000)
    decided_by: str = Field(max_length=120)
    decided_at: datetime = Field(sa_type=UtcDateTime)
