"""Invitations: a link for one person, for one workspace, for a week, good once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from server.access.keys import hash_of
from server.access.models import Invitation, Membership, User
from server.access.once_repository import OnceRepository
from server.access.password_rules import fault_of
from server.access.passwords import Passwords
from server.access.people_repository import PeopleRepository
from server.access.principal import Principal, check_grant, user_principal
from server.access.proof import Proof, address_of
from server.access.roles import SCOPES, Role
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.errors import FieldFault, Malformed, NotFound, StateConflict
from server.unit_of_work import UnitOfWork, UnitsOfWork

logger = structlog.get_logger(__name__)

GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True)
class MadeInvitation:
    """An invitation just made, with the link's token, which is kept nowhere."""

    row: Invitation
    token: str


@dataclass(frozen=True)
class OpenInvitation:
    """What the holder of a link may know."""

    email: str
    role: Role
    workspace: str
    is_known: bool
    """True when the person has an account already, and joins with its password."""
    expires_at: datetime


class Invitations:
    """Makes, lists, withdraws and redeems invitations."""

    def __init__(
        self, units: UnitsOfWork, passwords: Passwords, proof: Proof, clock: Clock
    ) -> None:
        self._units = units
        self._passwords = passwords
        self._proof = proof
        self._clock = clock

    async def invite(self, by: Principal, email: str, role: Role) -> MadeInvitation:
        """Make a link for the address; an earlier one that is open becomes void.

        Raises:
            Forbidden: the caller lacks a scope that the role has.
            StateConflict: the person belongs to the workspace already.
        """
        check_grant(by, SCOPES[role])
        address, now = address_of(email), self._clock()
        token = secrets.token_urlsafe(32)
        async with self._units.begin() as unit:
            people, once = PeopleRepository(unit.session), OnceRepository(unit.session)
            user = await people.user_by_email(address)
            if user is not None and await people.person(by.workspace_id, user.user_id):
                detail = f"{address} belongs to this workspace already."
                raise StateConflict(detail)
            await once.withdraw_invitations(by.workspace_id, address, now)
            row = Invitation(
                invitation_id=UUID(int=uuid7().int),
                workspace_id=by.workspace_id,
                email=address,
                role=str(role),
                token_hash=hash_of(token),
                created_by=by.name,
                created_at=now,
                expires_at=now + GOOD_FOR,
            )
            unit.session.add(row)
            await record(
                unit,
                Action.USER_INVITED,
                by=by,
                to=_subject(row),
                at=now,
                detail={"role": str(role)},
            )
        logger.info("invitation.made", invitation_id=str(row.invitation_id))
        return MadeInvitation(row, token)

    async def page(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[Invitation]:
        """Return at most limit invitations, newest first, whatever became of them."""
        async with self._units.begin() as unit:
            return await OnceRepository(unit.session).invitations(
                workspace_id, after=after, limit=limit
            )

    async def withdraw(self, by: Principal, invitation_id: UUID) -> None:
        """Make the link void. Idempotent.

        Raises:
            NotFound: the workspace has no such invitation.
            StateConflict: the person has joined by it.
        """
        async with self._units.begin() as unit:
            once = OnceRepository(unit.session)
            row = await once.invitation(by.workspace_id, invitation_id)
            if row is None:
                detail = "There is no such invitation in this workspace."
                raise NotFound(detail)
            if row.joined_at is not None:
                detail = f"{row.email} has joined by it already."
                raise StateConflict(detail)
            if row.withdrawn_at is not None:
                return
            now = self._clock()
            await once.withdraw_invitations(by.workspace_id, row.email, now)
            await record(unit, Action.INVITATION_WITHDRAWN, by=by, to=_subject(row), at=now)

    async def look(self, token: str) -> OpenInvitation | None:
        """Return the invitation of a link; None when it is used, withdrawn, expired or none."""
        now = self._clock()
        async with self._units.begin() as unit:
            row = await OnceRepository(unit.session).invitation_by_token(hash_of(token))
            if row is None or not is_open(row, now):
                return None
            people = PeopleRepository(unit.session)
            workspace = await people.workspace(row.workspace_id)
            user = await people.user_by_email(row.email)
        name = workspace.name if workspace is not None else ""
        return OpenInvitation(row.email, Role(row.role), name, user is not None, row.expires_at)

    async def join(self, token: str, *, name: str, password: str) -> tuple[str, str]:
        """Make the person of the link a member: a new one with this name and password.

        Who has an account joins with its password, and name is not looked at. No session begins.

        Returns:
            The person's e-mail, and the id of the workspace.

        Raises:
            NotFound: the link is used, withdrawn, expired or none.
            Malformed: the password is not taken, or is not the account's; the link stays good.
            RateLimited: too many tries with an account's password.
        """
        now = self._clock()
        invited = await self.look(token)
        if invited is None:
            raise NotFound
        if invited.is_known:
            user = await self._proof.by_password(invited.email, password, now, is_joining=True)
            if user is None:
                raise _wrong_password()
            await self._proof.succeeded(invited.email)
        else:
            fault = fault_of(password, email=invited.email, name=name)
            if fault is not None:
                raise Malformed(fault, errors=[FieldFault("/password", "weak", fault)])
            user = User(
                user_id=UUID(int=uuid7().int),
                email=invited.email,
                name=name,
                password_hash=await self._passwords.hash(password),
                created_at=now,
            )
        async with self._units.begin() as unit:
            workspace_id = await self._join(unit, token, user, now)
        logger.info("user.joined", user_id=str(user.user_id))
        return user.email, workspace_id

    async def _join(self, unit: UnitOfWork, token: str, user: User, now: datetime) -> str:
        once = OnceRepository(unit.session)
        # First of all: of two requests with one link only one gets further.
        if not await once.take_invitation(hash_of(token), now):
            raise NotFound
        row = await once.invitation_by_token(hash_of(token))
        if row is None:
            raise NotFound
        people = PeopleRepository(unit.session)
        if await people.user(user.user_id) is None:
            unit.session.add(user)
            await unit.session.flush()
        unit.session.add(
            Membership(
                user_id=user.user_id, workspace_id=row.workspace_id, role=row.role, created_at=now
            )
        )
        by = user_principal(row.workspace_id, email=user.email, user_id=user.user_id)
        subject = Subject("user", str(user.user_id), user.email)
        detail = {"role": row.role, "invitedBy": row.created_by}
        await record(unit, Action.USER_JOINED, by=by, to=subject, at=now, detail=detail)
        return row.workspace_id


def is_open(row: Invitation, now: datetime) -> bool:
    """Return whether somebody can still join by it."""
    return row.joined_at is None and row.withdrawn_at is None and row.expires_at > now


def _wrong_password() -> Malformed:
    detail = "This is not the password of your account."
    return Malformed(detail, errors=[FieldFault("/password", "wrong", detail)])


def _subject(row: Invitation) -> Subject:
    return Subject("invitation", str(row.invitation_id), row.email)
