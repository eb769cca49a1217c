"""All SQL of access."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from server.access.models import ApiKey, IdempotentAnswer, Pass, User, UserSession, Workspace

# How often "last used" and "last seen" are written down at most.
TOUCH_EVERY = timedelta(minutes=1)


class AccessRepository:
    """Rows of access within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: SQLModel) -> None:
        """Write a new row."""
        self._session.add(row)
        await self._session.flush()

    async def first_workspace(self) -> Workspace | None:
        """Return the oldest workspace."""
        statement = select(Workspace).order_by(col(Workspace.workspace_id)).limit(1)
        return (await self._session.exec(statement)).first()

    async def key_by_public_id(self, public_id: str) -> ApiKey | None:
        """Return the key whose text carries this public id."""
        statement = select(ApiKey).where(col(ApiKey.public_id) == public_id)
        return (await self._session.exec(statement)).first()

    async def key(self, workspace_id: str, key_id: UUID) -> ApiKey | None:
        """Return the workspace's key of that id."""
        statement = select(ApiKey).where(
            col(ApiKey.workspace_id) == workspace_id, col(ApiKey.key_id) == key_id
        )
        return (await self._session.exec(statement)).first()

    async def keys(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[ApiKey]:
        """Return at most limit keys of the workspace, newest first, older than `after`."""
        statement = (
            select(ApiKey)
            .where(col(ApiKey.workspace_id) == workspace_id)
            .order_by(col(ApiKey.key_id).desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(col(ApiKey.key_id) < after)
        return list((await self._session.exec(statement)).all())

    async def touch_key(self, key_id: UUID, now: datetime) -> None:
        """Note that the key is in use; changes nothing within a minute of the last time."""
        used = col(ApiKey.last_used_at)
        await self._session.exec(
            update(ApiKey)
            .where(col(ApiKey.key_id) == key_id, or_(used.is_(None), used < now - TOUCH_EVERY))
            .values(last_used_at=now)
        )

    async def session_and_user(self, token_hash: str) -> tuple[UserSession, User] | None:
        """Return the session and who is signed in with it."""
        statement = (
            select(UserSession, User)
            .join(User, col(User.user_id) == col(UserSession.user_id))
            .where(col(UserSession.token_hash) == token_hash)
        )
        return (await self._session.exec(statement)).first()

    async def touch_session(self, token_hash: str, now: datetime) -> None:
        """Note that the session is in use."""
        await self._session.exec(
            update(UserSession)
            .where(col(UserSession.token_hash) == token_hash)
            .values(last_seen_at=now)
        )

    async def delete_session(self, token_hash: str) -> None:
        """End a session. Idempotent."""
        await self._session.exec(
            delete(UserSession).where(col(UserSession.token_hash) == token_hash)
        )

    async def lock_slot(self, slot: str) -> bool:
        """Return whether the slot is ours until the end of this transaction.

        Only PostgreSQL has several server processes; its advisory lock ends with the connection,
        so a crash blocks nobody. On SQLite the one process keeps count itself.
        """
        connection = await self._session.connection()
        if connection.dialect.name != "postgresql":
            return True
        key = int.from_bytes(bytes.fromhex(slot)[:8], signed=True)
        return bool(await self._session.scalar(select(func.pg_try_advisory_xact_lock(key))))

    async def answer(self, slot: str) -> IdempotentAnswer | None:
        """Return what was answered in the slot."""
        return await self._session.get(IdempotentAnswer, slot)

    async def keep_answer(self, values: dict[str, object]) -> None:
        """Keep an answer in its slot; a plain insert, since every keyed request pays for it."""
        await self._session.exec(insert(IdempotentAnswer), params=values)

    async def delete_answer(self, slot: str) -> None:
        """Free a slot."""
        await self._session.exec(delete(IdempotentAnswer).where(col(IdempotentAnswer.slot) == slot))

    async def delete_expired(self, now: datetime) -> dict[str, int]:
        """Remove sessions, answers and passes whose time is over; return how many of each."""
        sessions = await self._session.exec(
            delete(UserSession).where(col(UserSession.expires_at) < now)
        )
        answers = await self._session.exec(
            delete(IdempotentAnswer).where(col(IdempotentAnswer.expires_at) < now)
        )
        passes = await self._session.exec(delete(Pass).where(col(Pass.expires_at) < now))
        return {
            "session": sessions.rowcount,
            "idempotent-answer": answers.rowcount,
            "pass": passes.rowcount,
        }
