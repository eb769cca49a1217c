"""All SQL of people: users, what they are in which workspace, and their sessions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from server.access.keys import hash_of
from server.access.models import Membership, SignInFailure, User, UserSession, Workspace
from server.access.roles import Role


@dataclass(frozen=True)
class Person:
    """A user as one workspace sees them."""

    user: User
    membership: Membership
    last_seen_at: datetime | None
    """Of their sessions that have not ended."""
    locked_until: datetime | None
    """Until when the right password is refused too, after too many wrong ones; may be over."""


class PeopleRepository:
    """Rows of people within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def user(self, user_id: UUID) -> User | None:
        """Return the user of that id."""
        return await self._session.get(User, user_id)

    async def user_by_email(self, email: str) -> User | None:
        """Return the user who signs in with this address, in lower case."""
        statement = select(User).where(col(User.email) == email)
        return (await self._session.exec(statement)).first()

    async def workspace(self, workspace_id: str) -> Workspace | None:
        """Return the workspace of that id."""
        return await self._session.get(Workspace, workspace_id)

    async def workspaces(self) -> list[Workspace]:
        """Return every workspace, the first one made at the head."""
        statement = select(Workspace).order_by(
            col(Workspace.created_at), col(Workspace.workspace_id)
        )
        return list((await self._session.exec(statement)).all())

    async def lock_workspace(self, workspace_id: str) -> None:
        """Let nobody else change the workspace's people until the end of this transaction.

        A write of nothing: it takes the row on PostgreSQL and the file on SQLite, before anything
        is read that the change depends on.
        """
        mine = col(Workspace.workspace_id) == workspace_id
        await self._session.exec(update(Workspace).where(mine).values(name=Workspace.name))

    async def person(self, workspace_id: str, user_id: UUID) -> Person | None:
        """Return the user if they belong to the workspace, kept out or not."""
        found = await self._people(workspace_id, user_id=user_id, limit=1)
        return found[0] if found else None

    async def people(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[Person]:
        """Return at most limit people of the workspace, newest first, older than `after`."""
        return await self._people(workspace_id, after=after, limit=limit)

    async def _people(
        self,
        workspace_id: str,
        *,
        limit: int,
        after: UUID | None = None,
        user_id: UUID | None = None,
    ) -> list[Person]:
        last_seen = (
            select(func.max(col(UserSession.last_seen_at)))
            .where(col(UserSession.user_id) == col(User.user_id))
            .correlate(User)
            .scalar_subquery()
        )
        statement = (
            select(User, Membership, last_seen)
            .join(Membership, col(Membership.user_id) == col(User.user_id))
            .where(col(Membership.workspace_id) == workspace_id)
            .order_by(col(User.user_id).desc())
            .limit(limit)
        )
        if user_id is not None:
            statement = statement.where(col(User.user_id) == user_id)
        if after is not None:
            statement = statement.where(col(User.user_id) < after)
        rows = (await self._session.exec(statement)).all()
        locked = await self._locks(user.email for user, _, _ in rows)
        return [
            Person(user, membership, seen, locked.get(hash_of(user.email)))
            for user, membership, seen in rows
        ]

    async def _locks(self, emails: Iterable[str]) -> dict[str, datetime | None]:
        """Return address hash → when its lock ends, of those that are locked."""
        statement = select(SignInFailure.address_hash, SignInFailure.locked_until).where(
            col(SignInFailure.address_hash).in_([hash_of(email) for email in emails]),
            col(SignInFailure.locked_until).is_not(None),
        )
        return dict((await self._session.exec(statement)).all())

    async def places(self, user_id: UUID) -> list[tuple[Membership, Workspace]]:
        """Return the workspaces the user may work in, the one joined first at the head."""
        statement = (
            select(Membership, Workspace)
            .join(Workspace, col(Workspace.workspace_id) == col(Membership.workspace_id))
            .where(col(Membership.user_id) == user_id, col(Membership.disabled_at).is_(None))
            .order_by(col(Membership.created_at), col(Membership.workspace_id))
        )
        return list((await self._session.exec(statement)).all())

    async def workspaces_of(self, user_id: UUID, *, role: Role | None = None) -> set[str]:
        """Return the ids of the workspaces the user belongs to, as this role if one is named."""
        statement = select(Membership.workspace_id).where(col(Membership.user_id) == user_id)
        if role is not None:
            statement = statement.where(
                col(Membership.role) == str(role), col(Membership.disabled_at).is_(None)
            )
        return set((await self._session.exec(statement)).all())

    async def has_other_admin(self, workspace_id: str, user_id: UUID) -> bool:
        """Return whether somebody else administers the workspace too."""
        statement = select(Membership.user_id).where(
            col(Membership.workspace_id) == workspace_id,
            col(Membership.role) == str(Role.ADMIN),
            col(Membership.disabled_at).is_(None),
            col(Membership.user_id) != user_id,
        )
        return (await self._session.exec(statement.limit(1))).first() is not None

    async def administrators(self, workspace_id: str, *, limit: int) -> list[str]:
        """Return the e-mails of at most limit people who administer the workspace."""
        statement = (
            select(User.email)
            .join(Membership, col(Membership.user_id) == col(User.user_id))
            .where(
                col(Membership.workspace_id) == workspace_id,
                col(Membership.role) == str(Role.ADMIN),
                col(Membership.disabled_at).is_(None),
            )
            .order_by(col(Membership.created_at), col(User.email))
            .limit(limit)
        )
        return list((await self._session.exec(statement)).all())

    async def delete_membership(self, workspace_id: str, user_id: UUID) -> None:
        """Take the user out of the workspace."""
        await self._session.exec(
            delete(Membership).where(
                col(Membership.workspace_id) == workspace_id, col(Membership.user_id) == user_id
            )
        )

    async def end_sessions(
        self, user_id: UUID, *, workspace_id: str | None = None, but: str | None = None
    ) -> None:
        """End the user's sessions, in one workspace or all, but the one of this token hash."""
        statement = delete(UserSession).where(col(UserSession.user_id) == user_id)
        if workspace_id is not None:
            statement = statement.where(col(UserSession.workspace_id) == workspace_id)
        if but is not None:
            statement = statement.where(col(UserSession.token_hash) != but)
        await self._session.exec(statement)

    async def enter(self, token_hash: str, workspace_id: str) -> None:
        """Let the session go on in another workspace."""
        mine = col(UserSession.token_hash) == token_hash
        await self._session.exec(update(UserSession).where(mine).values(workspace_id=workspace_id))
