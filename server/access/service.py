"""What can be done about access: set up, sign in and out, make and revoke keys."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from server.access.directory import Directory
from server.access.keys import NewKey, hash_of, make_key
from server.access.models import ApiKey, User, UserSession, Workspace
from server.access.passwords import Passwords
from server.access.principal import ActiveSession, Principal
from server.access.rate_limit import RateLimit
from server.access.repository import AccessRepository
from server.access.scopes import ALL_SCOPES, Scope
from server.access.sign_in_lock import SignInLock
from server.clock import Clock
from server.errors import NotFound
from server.unit_of_work import UnitOfWork, UnitsOfWork

logger = structlog.get_logger(__name__)

# Ten guesses, then one every 20 s per address: a person who mistypes does not notice.
_SIGN_IN_BURST = 10
_SIGN_IN_PER_SECOND = 0.05


@dataclass(frozen=True)
class SignedIn:
    """A session just begun; the token goes into the cookie and is kept nowhere."""

    token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True)
class MadeKey:
    """A key just made, with the text that is shown once."""

    row: ApiKey
    text: str


@dataclass(frozen=True)
class FirstRun:
    """The workspace's first key and administrator, in clear for the last time."""

    api_key: str
    admin_email: str
    admin_password: str


class AccessService:
    """The actions; lookups are in `directory.py`."""

    def __init__(
        self, units: UnitsOfWork, directory: Directory, clock: Clock, *, session_life: timedelta
    ) -> None:
        self._units = units
        self._directory = directory
        self._clock = clock
        self._session_life = session_life
        self._passwords = Passwords()
        self._lock = SignInLock(units)
        self._sign_ins = RateLimit(per_second=_SIGN_IN_PER_SECOND, burst=_SIGN_IN_BURST)

    async def sign_in(self, email: str, password: str, now: datetime) -> SignedIn | None:
        """Begin a session; None when address and password do not fit, without saying which.

        Raises:
            RateLimited: too many attempts for this address, or it is locked.
        """
        address = email.strip().lower()
        self._sign_ins.take(address)
        await self._lock.check(address, now)
        async with self._units.begin() as unit:
            user = await AccessRepository(unit.session).user_by_email(address)
        is_known = user is not None and user.disabled_at is None
        password_hash = user.password_hash if user and is_known else None
        if not await self._passwords.is_right(password, password_hash) or user is None:
            logger.warning("session.refused")
            await self._lock.failed(address, now)
            return None
        await self._lock.succeeded(address)
        signed_in = SignedIn(
            token=secrets.token_urlsafe(32),
            csrf_token=secrets.token_urlsafe(32),
            expires_at=now + self._session_life,
        )
        async with self._units.begin() as unit:
            await AccessRepository(unit.session).add(
                UserSession(
                    token_hash=hash_of(signed_in.token),
                    user_id=user.user_id,
                    csrf_token=signed_in.csrf_token,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=signed_in.expires_at,
                )
            )
        logger.info("session.begun", user_id=str(user.user_id))
        return signed_in

    async def sign_out(self, token: str) -> None:
        """End the session of this cookie. Idempotent."""
        async with self._units.begin() as unit:
            await AccessRepository(unit.session).delete_session(hash_of(token))
        self._directory.forget_session(token)

    async def principal_of_session(self, token: str) -> ActiveSession | None:
        """Return who is signed in with this cookie, and the token their forms send back."""
        return await self._directory.principal_of_session(token)

    async def create_key(
        self,
        workspace_id: str,
        *,
        name: str,
        scopes: Iterable[Scope],
        created_by: str,
        expires_at: datetime | None = None,
    ) -> MadeKey:
        """Make a key for the workspace."""
        async with self._units.begin() as unit:
            made = await self._add_key(
                unit, workspace_id, name=name, scopes=scopes, by=created_by, until=expires_at
            )
        logger.info("key.created", key_id=str(made.row.key_id))
        return made

    async def keys(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[ApiKey]:
        """Return at most limit keys of the workspace, newest first; revoked ones too."""
        async with self._units.begin() as unit:
            return await AccessRepository(unit.session).keys(workspace_id, after=after, limit=limit)

    async def revoke_key(self, workspace_id: str, key_id: UUID) -> None:
        """Revoke a key; it stops at once here, within seconds in other processes. Idempotent.

        Raises:
            NotFound: the workspace has no such key.
        """
        async with self._units.begin() as unit:
            key = await AccessRepository(unit.session).key(workspace_id, key_id)
            if key is None:
                detail = "There is no such key in this workspace."
                raise NotFound(detail)
            key.revoked_at = key.revoked_at or self._clock()
            unit.session.add(key)
        self._directory.forget_keys()
        logger.info("key.revoked", key_id=str(key_id))

    async def workspace_id(self) -> str | None:
        """Return the id of the first workspace, None before the first run."""
        async with self._units.begin() as unit:
            workspace = await AccessRepository(unit.session).first_workspace()
        return workspace.workspace_id if workspace else None

    async def set_up(
        self, unit: UnitOfWork, *, workspace: str, admin_email: str
    ) -> FirstRun | None:
        """Write the first workspace, administrator and key; None when there is one already.

        Nothing is committed here: the caller keeps the secrets safe first (`first_run.py`).
        """
        repository = AccessRepository(unit.session)
        if await repository.first_workspace() is not None:
            return None
        now = self._clock()
        row = Workspace(workspace_id=str(uuid7()), name=workspace, created_at=now)
        await repository.add(row)
        password = secrets.token_urlsafe(15)
        user = User(
            user_id=UUID(int=uuid7().int),
            workspace_id=row.workspace_id,
            email=admin_email.strip().lower(),
            password_hash=await self._passwords.hash(password),
            scopes=sorted(ALL_SCOPES),
            created_at=now,
        )
        await repository.add(user)
        made = await self._add_key(
            unit, row.workspace_id, name="first-run", scopes=ALL_SCOPES, by="first-run"
        )
        return FirstRun(made.text, user.email, password)

    async def _add_key(
        self,
        unit: UnitOfWork,
        workspace_id: str,
        *,
        name: str,
        scopes: Iterable[Scope],
        by: str,
        until: datetime | None = None,
    ) -> MadeKey:
        key: NewKey = make_key()
        row = ApiKey(
            key_id=UUID(int=uuid7().int),
            workspace_id=workspace_id,
            name=name,
            public_id=key.public_id,
            secret_hash=key.secret_hash,
            last4=key.last4,
            scopes=sorted(scopes),
            created_by=by,
            created_at=self._clock(),
            expires_at=until,
        )
        await AccessRepository(unit.session).add(row)
        return MadeKey(row, key.text)


def can_grant(principal: Principal, scopes: Iterable[Scope]) -> bool:
    """Return whether the principal has every scope it wants to hand on."""
    return principal.scopes.issuperset(scopes)
