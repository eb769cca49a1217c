"""Sessions: signing in, with a second factor where there is one, moving between workspaces, out."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from server.access.directory import Directory
from server.access.keys import hash_of
from server.access.models import Pass, User, UserSession
from server.access.once_repository import OnceRepository
from server.access.people_repository import PeopleRepository
from server.access.principal import ActiveSession, user_principal
from server.access.proof import Proof, address_of
from server.access.repository import AccessRepository
from server.access.second_factor import SecondFactor
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.errors import NotFound
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)

_PURPOSE = "second-factor"
# Long enough to find the phone, short enough that nobody walks up to the open page.
CODE_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class SignedIn:
    """A session just begun; the token goes into the cookie and is kept nowhere."""

    token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True)
class CodeDue:
    """The password was right; the session begins with a code of the second factor."""

    token: str
    """Proof of the password, for CODE_WITHIN."""


class SignIn:
    """Begins and ends sessions."""

    def __init__(
        self,
        units: UnitsOfWork,
        directory: Directory,
        proof: Proof,
        second_factor: SecondFactor,
        *,
        session_life: timedelta,
    ) -> None:
        self._units = units
        self._directory = directory
        self._proof = proof
        self._second_factor = second_factor
        self._session_life = session_life

    async def begin(
        self, email: str, password: str, now: datetime, *, into: str = ""
    ) -> SignedIn | CodeDue | None:
        """Begin a session; None when address and password do not fit, without saying which.

        Args:
            email: as typed.
            password: as typed.
            now: the present, aware.
            into: id of the workspace to begin in; when it is not theirs, the one joined first.

        Raises:
            RateLimited: too many attempts for this address, or it is locked.
        """
        user = await self._proof.by_password(email, password, now)
        if user is None:
            return None
        if user.totp_since is None:
            return await self._session_of(user, now, into)
        token = secrets.token_urlsafe(32)
        async with self._units.begin() as unit:
            unit.session.add(
                Pass(
                    token_hash=hash_of(token),
                    user_id=user.user_id,
                    purpose=_PURPOSE,
                    made_by="",
                    created_at=now,
                    expires_at=now + CODE_WITHIN,
                )
            )
        return CodeDue(token)

    async def finish(self, token: str, code: str, now: datetime) -> SignedIn | None:
        """Begin the session of who gave the password, by a code of the app or a recovery code.

        A wrong code counts like a wrong password.

        Returns:
            None when the code is wrong or was used before.

        Raises:
            NotFound: the password was given too long ago, or the token is none of ours.
            RateLimited: too many tries for this address, or it is locked.
        """
        async with self._units.begin() as unit:
            found = await OnceRepository(unit.session).pass_of(hash_of(token), _PURPOSE, now)
            user = await PeopleRepository(unit.session).user(found.user_id) if found else None
        if user is None:
            raise NotFound
        await self._proof.allow(address_of(user.email), now)
        async with self._units.begin() as unit:
            is_right = await self._second_factor.take(unit, user.user_id, code, now)
            if is_right:
                is_right = await OnceRepository(unit.session).take_pass(hash_of(token))
        if not is_right:
            await self._proof.failed(user.email, user, now)
            return None
        return await self._session_of(user, now)

    async def end(self, token: str, now: datetime) -> None:
        """End the session of this cookie. Idempotent."""
        session = await self._directory.principal_of_session(token)
        async with self._units.begin() as unit:
            await AccessRepository(unit.session).delete_session(hash_of(token))
            if session is not None:
                subject = Subject("user", session.principal.key_id, _email_of(session))
                await record(unit, Action.SIGNED_OUT, by=session.principal, to=subject, at=now)
        self._directory.forget_session(token)

    async def enter(
        self, token: str, session: ActiveSession, workspace_id: str, now: datetime
    ) -> None:
        """Let the session go on in another workspace of the same person.

        Raises:
            NotFound: it is not one of theirs.
        """
        place = next((it for it in session.places if it.workspace_id == workspace_id), None)
        if place is None:
            raise NotFound
        async with self._units.begin() as unit:
            await PeopleRepository(unit.session).enter(hash_of(token), workspace_id)
            by = user_principal(workspace_id, email=_email_of(session), user_id=session.user_id)
            subject = Subject("workspace", workspace_id, place.name)
            detail = {"from": session.place.name}
            await record(unit, Action.WORKSPACE_ENTERED, by=by, to=subject, at=now, detail=detail)
        self._directory.forget_session(token)

    async def _session_of(self, user: User, now: datetime, into: str = "") -> SignedIn | None:
        signed_in = SignedIn(
            token=secrets.token_urlsafe(32),
            csrf_token=secrets.token_urlsafe(32),
            expires_at=now + self._session_life,
        )
        async with self._units.begin() as unit:
            places = await PeopleRepository(unit.session).places(user.user_id)
            if not places:  # Taken out of the last workspace between password and code.
                return None
            theirs = [membership.workspace_id for membership, _ in places]
            workspace_id = into if into in theirs else theirs[0]
            unit.session.add(_row(user.user_id, workspace_id, signed_in, now))
            by = user_principal(workspace_id, email=user.email, user_id=user.user_id)
            subject = Subject("user", str(user.user_id), user.email)
            await record(unit, Action.SIGNED_IN, by=by, to=subject, at=now)
        await self._proof.succeeded(user.email)
        logger.info("session.begun", user_id=str(user.user_id))
        return signed_in


def _row(user_id: UUID, workspace_id: str, signed_in: SignedIn, now: datetime) -> UserSession:
    return UserSession(
        token_hash=hash_of(signed_in.token),
        user_id=user_id,
        workspace_id=workspace_id,
        csrf_token=signed_in.csrf_token,
        created_at=now,
        last_seen_at=now,
        expires_at=signed_in.expires_at,
    )


def _email_of(session: ActiveSession) -> str:
    return session.principal.name.removeprefix("user:")
