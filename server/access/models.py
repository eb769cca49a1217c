"""The tables of access: who may come in, and what was answered to whom under which key.

Never returned from a handler; `schemas.py` says what callers see.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from server.db.types import Json, UtcDateTime


class Workspace(SQLModel, table=True):
    """One wall: nothing inside is seen from another workspace."""

    __tablename__ = "workspaces"

    workspace_id: str = Field(primary_key=True, max_length=36)
    """UUIDv7 as text: it stands in object keys and in ClickHouse's primary key."""
    name: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    requires_totp: bool = False
    """True when nobody works here without a second factor."""


class User(SQLModel, table=True):
    """A person who signs in to the portal; what they may do stands in their memberships."""

    __tablename__ = "users"

    user_id: UUID = Field(primary_key=True)
    email: str = Field(max_length=110, unique=True)
    """In lower case: that is how it is looked up. `user:<e-mail>` must fit 120 characters."""
    name: str = Field(max_length=120)
    """As they wrote it themselves; empty for the first administrator until they do."""
    password_hash: str = Field(max_length=255)
    """Argon2id, with its parameters and salt."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    totp_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Of the second factor, sealed (`sealing.py`); without `totp_since` it is only offered."""
    totp_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the second factor was confirmed; from then on it is asked for."""
    totp_step: int | None = Field(default=None, sa_type=BigInteger)
    """The time step of the last code taken: none is taken twice (RFC 6238, 5.2)."""


class Membership(SQLModel, table=True):
    """What a person is in a workspace."""

    __tablename__ = "memberships"

    user_id: UUID = Field(primary_key=True, foreign_key="users.user_id")
    workspace_id: str = Field(
        primary_key=True, max_length=36, foreign_key="workspaces.workspace_id", index=True
    )
    role: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Set while the person is kept out of this workspace."""


class Invitation(SQLModel, table=True):
    """A link by which one person can join a workspace, once."""

    __tablename__ = "invitations"

    invitation_id: UUID = Field(primary_key=True)
    workspace_id: str = Field(max_length=36, foreign_key="workspaces.workspace_id", index=True)
    email: str = Field(max_length=110)
    """In lower case."""
    role: str = Field(max_length=16)
    token_hash: str = Field(max_length=64, unique=True)
    created_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    joined_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Pass(SQLModel, table=True):
    """A token that lets one user do one thing once: set a new password, or give the second factor.

    Gone once it is used.
    """

    __tablename__ = "passes"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = Field(foreign_key="users.user_id", index=True)
    purpose: str = Field(max_length=16)
    """`password` or `second-factor`."""
    made_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class RecoveryCode(SQLModel, table=True):
    """A code for the day the phone is lost; gone once it is used."""

    __tablename__ = "recovery_codes"

    user_id: UUID = Field(primary_key=True, foreign_key="users.user_id")
    code_hash: str = Field(primary_key=True, max_length=64)


class ApiKey(SQLModel, table=True):
    """A key that programs present; see `keys.py` for its form."""

    __tablename__ = "api_keys"

    key_id: UUID = Field(primary_key=True)
    workspace_id: str = Field(max_length=36, foreign_key="workspaces.workspace_id", index=True)
    name: str = Field(max_length=80)
    public_id: str = Field(max_length=12, unique=True)
    secret_hash: str = Field(max_length=64)
    last4: str = Field(max_length=4)
    scopes: list[str] = Field(sa_type=Json)
    created_by: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Right to the minute: writing it on every request would be a row write per request."""
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class UserSession(SQLModel, table=True):
    """One browser signed in; its cookie holds the token whose hash is the key here."""

    __tablename__ = "user_sessions"

    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = Field(foreign_key="users.user_id", index=True)
    workspace_id: str = Field(max_length=36, foreign_key="workspaces.workspace_id")
    """The one that is worked in; switched within the session."""
    csrf_token: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class SignInFailure(SQLModel, table=True):
    """Wrong passwords in a row for one address, known or not: a lock must not tell who is known."""

    __tablename__ = "sign_in_failures"

    address_hash: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the address in lower case: what strangers type is kept in no clear text."""
    failures: int
    last_failed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class IdempotentAnswer(SQLModel, table=True):
    """The first answer under an idempotency key, written in the transaction that it tells of."""

    __tablename__ = "idempotent_answers"

    slot: str = Field(primary_key=True, max_length=64)
    """SHA-256 over workspace, principal, method, path and key."""
    workspace_id: str = Field(max_length=36)
    request_hash: str = Field(max_length=64)
    """Of the parsed body and the query string."""
    status: int
    headers: list[list[str]] = Field(sa_type=Json)
    body: bytes = Field(sa_type=LargeBinary)
    """With every signed URL left out."""
    is_signed: bool
    """True when URLs were left out, which replaying signs anew."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
