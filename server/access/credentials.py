"""Passwords set anew: by oneself, or by a link that an administrator hands over."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from server.access.directory import Directory
from server.access.keys import hash_of
from server.access.models import Pass, User
from server.access.once_repository import OnceRepository
from server.access.password_rules import fault_of
from server.access.passwords import Passwords
from server.access.people_repository import PeopleRepository
from server.access.principal import Principal, user_principal
from server.access.proof import Proof, address_of
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.errors import FieldFault, Malformed, NotFound
from server.unit_of_work import UnitOfWork, UnitsOfWork

logger = structlog.get_logger(__name__)

_PURPOSE = "password"
# Handed over by the administrator, today.
GOOD_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class ResetLink:
    """A link just made; its token is kept nowhere."""

    token: str
    expires_at: datetime


class Credentials:
    """Changes passwords and names."""

    def __init__(
        self,
        units: UnitsOfWork,
        directory: Directory,
        passwords: Passwords,
        proof: Proof,
        clock: Clock,
    ) -> None:
        self._units = units
        self._directory = directory
        self._passwords = passwords
        self._proof = proof
        self._clock = clock

    async def make_link(self, by: Principal, user_id: UUID) -> ResetLink:
        """Return a link by which the person sets a new password, once; an earlier one is void.

        Whether the caller may is decided before, by `People.charge`. The old password stays good
        until the link is used, so that a link made by mistake locks nobody out.

        Raises:
            NotFound: there is no such user.
        """
        now = self._clock()
        link = ResetLink(secrets.token_urlsafe(32), now + GOOD_FOR)
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
            await OnceRepository(unit.session).void_passes(user_id)
            unit.session.add(
                Pass(
                    token_hash=hash_of(link.token),
                    user_id=user_id,
                    purpose=_PURPOSE,
                    made_by=by.name,
                    created_at=now,
                    expires_at=link.expires_at,
                )
            )
            await record(unit, Action.RESET_LINK_MADE, by=by, to=_subject(user), at=now)
        return link

    async def look(self, token: str) -> str | None:
        """Return whose password the link sets, as an e-mail; None when it is not good any more."""
        now = self._clock()
        async with self._units.begin() as unit:
            found = await OnceRepository(unit.session).pass_of(hash_of(token), _PURPOSE, now)
            return (await _user(unit, found.user_id)).email if found is not None else None

    async def reset(self, token: str, password: str) -> None:
        """Set the password by a link; every session of the person ends.

        Raises:
            NotFound: the link is used, expired or none.
            Malformed: the password is not taken; the link stays good.
        """
        now = self._clock()
        async with self._units.begin() as unit:
            found = await OnceRepository(unit.session).pass_of(hash_of(token), _PURPOSE, now)
            user = await _user(unit, found.user_id) if found is not None else None
        if user is None:
            raise NotFound
        _check(user, password, "/password")
        password_hash = await self._passwords.hash(password)
        async with self._units.begin() as unit:
            if not await OnceRepository(unit.session).take_pass(hash_of(token)):
                raise NotFound
            await self._write(unit, user.user_id, password_hash)
            people = PeopleRepository(unit.session)
            await people.end_sessions(user.user_id)
            for workspace_id in await people.workspaces_of(user.user_id):
                by = user_principal(workspace_id, email=user.email, user_id=user.user_id)
                await record(unit, Action.PASSWORD_RESET, by=by, to=_subject(user), at=now)
        await self._proof.succeeded(user.email)
        self._directory.forget_sessions()
        logger.info("password.reset", user_id=str(user.user_id))

    async def change_own(
        self, by: Principal, user_id: UUID, *, current: str, new: str, session_token: str
    ) -> None:
        """Change one's own password; every other session of the person ends.

        Raises:
            Malformed: the present password is wrong, or the new one is not taken.
            RateLimited: too many tries.
        """
        now = self._clock()
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
        _check(user, new, "/new")
        if await self._proof.by_password(user.email, current, now) is None:
            detail = "This is not your present password."
            raise Malformed(detail, errors=[FieldFault("/current", "wrong", detail)])
        await self._proof.succeeded(user.email)
        password_hash = await self._passwords.hash(new)
        async with self._units.begin() as unit:
            await self._write(unit, user_id, password_hash)
            await PeopleRepository(unit.session).end_sessions(user_id, but=hash_of(session_token))
            await record(unit, Action.PASSWORD_CHANGED, by=by, to=_subject(user), at=now)
        self._directory.forget_sessions()

    async def rename(self, user_id: UUID, name: str) -> None:
        """Write down how the person wants to be called."""
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
            user.name = name
            unit.session.add(user)
        self._directory.forget_sessions()

    async def by_email(self, email: str) -> tuple[User, str]:
        """Return the user with that address, and the id of one of their workspaces.

        Raises:
            NotFound: nobody signs in with it.
        """
        async with self._units.begin() as unit:
            people = PeopleRepository(unit.session)
            user = await people.user_by_email(address_of(email))
            theirs = await people.workspaces_of(user.user_id) if user is not None else set()
        if user is None or not theirs:
            raise NotFound
        return user, min(theirs)

    async def user(self, user_id: UUID) -> User:
        """Return the user.

        Raises:
            NotFound: there is none of that id.
        """
        async with self._units.begin() as unit:
            return await _user(unit, user_id)

    async def _write(self, unit: UnitOfWork, user_id: UUID, password_hash: str) -> None:
        user = await _user(unit, user_id)
        user.password_hash = password_hash
        unit.session.add(user)
        await OnceRepository(unit.session).void_passes(user_id)


def _check(user: User, password: str, pointer: str) -> None:
    fault = fault_of(password, email=user.email, name=user.name)
    if fault is not None:
        raise Malformed(fault, errors=[FieldFault(pointer, "weak", fault)])


async def _user(unit: UnitOfWork, user_id: UUID) -> User:
    user = await PeopleRepository(unit.session).user(user_id)
    if user is None:
        raise NotFound
    return user


def _subject(user: User) -> Subject:
    return Subject("user", str(user.user_id), user.email)
