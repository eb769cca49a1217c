"""What operators do to the whole appliance, as far as its processes have to know of it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from server.db.types import Json, UtcDateTime


class Operation(SQLModel, table=True):
    """Something that is under way (`drain`), or was done last (`backup`)."""

    __tablename__ = "operations"

    name: str = Field(primary_key=True, max_length=32)
    at: datetime = Field(sa_type=UtcDateTime)
    detail: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """Numbers and names; never a secret."""


class Installation(SQLModel, table=True):
    """A version that this database was brought to; the newest row is the one that runs."""

    __tablename__ = "installations"

    version: str = Field(primary_key=True, max_length=32)
    revision: str = Field(max_length=32)
    """The newest revision of the tables that this version knows."""
    at: datetime = Field(sa_type=UtcDateTime)
