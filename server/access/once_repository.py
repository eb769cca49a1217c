"""All SQL of what lets a person in once: invitations, passes, one-time and recovery codes.

Each is used up by one statement that tells whether it was there, so that two requests of one moment
never both succeed.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from server.access.models import Invitation, Pass, RecoveryCode, User


class OnceRepository:
    """Rows that are good once, within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def invitation(self, workspace_id: str, invitation_id: UUID) -> Invitation | None:
        """Return the workspace's invitation of that id."""
        found = await self._session.get(Invitation, invitation_id)
        return found if found is not None and found.workspace_id == workspace_id else None

    async def invitation_by_token(self, token_hash: str) -> Invitation | None:
        """Return the invitation whose link this is, whatever became of it."""
        statement = select(Invitation).where(col(Invitation.token_hash) == token_hash)
        return (await self._session.exec(statement)).first()

    async def invitations(
        self, workspace_id: str, *, after: UUID | None, limit: int
    ) -> list[Invitation]:
        """Return at most limit invitations of the workspace, newest first, older than `after`."""
        statement = (
            select(Invitation)
            .where(col(Invitation.workspace_id) == workspace_id)
            .order_by(col(Invitation.invitation_id).desc())
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(col(Invitation.invitation_id) < after)
        return list((await self._session.exec(statement)).all())

    async def withdraw_invitations(self, workspace_id: str, email: str, now: datetime) -> None:
        """Make every open invitation of the address to the workspace void."""
        await self._session.exec(
            update(Invitation)
            .where(
                col(Invitation.workspace_id) == workspace_id,
                col(Invitation.email) == email,
                col(Invitation.joined_at).is_(None),
                col(Invitation.withdrawn_at).is_(None),
            )
            .values(withdrawn_at=now)
        )

    async def take_invitation(self, token_hash: str, now: datetime) -> bool:
        """Use the invitation up; False when it is used, withdrawn, expired or none."""
        taken = await self._session.exec(
            update(Invitation)
            .where(
                col(Invitation.token_hash) == token_hash,
                col(Invitation.joined_at).is_(None),
                col(Invitation.withdrawn_at).is_(None),
                col(Invitation.expires_at) > now,
            )
            .values(joined_at=now)
            .execution_options(synchronize_session=False)
        )
        return taken.rowcount == 1

    async def pass_of(self, token_hash: str, purpose: str, now: datetime) -> Pass | None:
        """Return the pass of that token, if it is for this purpose and not expired."""
        found = await self._session.get(Pass, token_hash)
        is_good = found is not None and found.purpose == purpose and found.expires_at > now
        return found if is_good else None

    async def take_pass(self, token_hash: str) -> bool:
        """Use the pass up; False when it is used."""
        taken = await self._session.exec(delete(Pass).where(col(Pass.token_hash) == token_hash))
        return taken.rowcount == 1

    async def void_passes(self, user_id: UUID) -> None:
        """Make every pass of the user void."""
        await self._session.exec(delete(Pass).where(col(Pass.user_id) == user_id))

    async def take_step(self, user_id: UUID, step: int) -> bool:
        """Use the time step of a code up; False when it or a later one was used before."""
        last = col(User.totp_step)
        taken = await self._session.exec(
            update(User)
            .where(col(User.user_id) == user_id, or_(last.is_(None), last < step))
            .values(totp_step=step)
            .execution_options(synchronize_session=False)
        )
        return taken.rowcount == 1

    async def take_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        """Use the recovery code up; False when it is none or used."""
        taken = await self._session.exec(
            delete(RecoveryCode).where(
                col(RecoveryCode.user_id) == user_id, col(RecoveryCode.code_hash) == code_hash
            )
        )
        return taken.rowcount == 1

    async def void_recovery_codes(self, user_id: UUID) -> None:
        """Make every recovery code of the user void."""
        await self._session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))

    async def count_recovery_codes(self, user_id: UUID) -> int:
        """Return how many recovery codes are left."""
        statement = select(func.count(col(RecoveryCode.code_hash))).where(
            col(RecoveryCode.user_id) == user_id
        )
        return (await self._session.exec(statement)).one()
