"""API keys, and the very first of everything: workspace, administrator, key."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from server.access.directory import Directory
from server.access.keys import NewKey, make_key
from server.access.models import ApiKey, Membership, User, Workspace
from server.access.passwords import Passwords
from server.access.principal import Principal, check_grant, operator_of
from server.access.proof import address_of
from server.access.repository import AccessRepository
from server.access.roles import Role
from server.access.scopes import ALL_SCOPES, Scope
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.errors import NotFound, StateConflict
from server.unit_of_work import UnitOfWork, UnitsOfWork

logger = structlog.get_logger(__name__)


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
    """Makes, rotates and revokes keys; who comes in is the work of `sign_in.py`."""

    def __init__(
        self, units: UnitsOfWork, directory: Directory, passwords: Passwords, clock: Clock
    ) -> None:
        self._units = units
        self._directory = directory
        self._passwords = passwords
        self._clock = clock

    async def create_key(
        self,
        by: Principal,
        *,
        name: str,
        scopes: Iterable[Scope],
        expires_at: datetime | None = None,
    ) -> MadeKey:
        """Make a key for the caller's workspace.

        Raises:
            Forbidden: the caller lacks a scope that the key would have.
        """
        wanted = frozenset(scopes)
        check_grant(by, wanted)
        async with self._units.begin() as unit:
            made = await self._add_key(unit, by, name=name, scopes=wanted, until=expires_at)
            detail = {"scopes": made.row.scopes, "expiresAt": _text(expires_at)}
            await self._tell(unit, Action.KEY_CREATED, by, made.row, detail)
        logger.info("key.created", key_id=str(made.row.key_id))
        return made

    async def rotate_key(self, by: Principal, key_id: UUID) -> MadeKey:
        """Make a second key of the same name, scopes and length of life.

        The old one works until it is revoked, so that a program can change over without a break.

        Raises:
            NotFound: the workspace has no such key.
            StateConflict: the key is revoked or expired.
            Forbidden: the caller lacks a scope that the key has.
        """
        now = self._clock()
        async with self._units.begin() as unit:
            old = await _key(unit, by.workspace_id, key_id)
            if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
                detail = "Only a key that works can be rotated; make a new one."
                raise StateConflict(detail)
            scopes = frozenset(Scope(scope) for scope in old.scopes)
            check_grant(by, scopes)
            until = now + (old.expires_at - old.created_at) if old.expires_at else None
            made = await self._add_key(unit, by, name=old.name, scopes=scopes, until=until)
            await self._tell(unit, Action.KEY_ROTATED, by, old, {"newId": str(made.row.key_id)})
        logger.info("key.rotated", key_id=str(key_id))
        return made

    async def keys(self, workspace_id: str, *, after: UUID | None, limit: int) -> list[ApiKey]:
        """Return at most limit keys of the workspace, newest first; revoked ones too."""
        async with self._units.begin() as unit:
            return await AccessRepository(unit.session).keys(workspace_id, after=after, limit=limit)

    async def revoke_key(self, by: Principal, key_id: UUID) -> None:
        """Revoke a key; it stops at once here, within seconds in other processes. Idempotent.

        Raises:
            NotFound: the workspace has no such key.
        """
        async with self._units.begin() as unit:
            key = await _key(unit, by.workspace_id, key_id)
            if key.revoked_at is None:
                key.revoked_at = self._clock()
                unit.session.add(key)
                await self._tell(unit, Action.KEY_REVOKED, by, key)
        self._directory.forget_keys()
        logger.info("key.revoked", key_id=str(key_id))

    async def workspace_id(self) -> str | None:
        """Return the id of the first workspace, None before the first run."""
        async with self._units.begin() as unit:
            workspace = await AccessRepository(unit.session).first_workspace()
        return workspace.workspace_id if workspace else None

    async def make_workspace(self, name: str) -> Principal:
        """Make a workspace without people; return its operator, who can invite the first."""
        row = Workspace(workspace_id=str(uuid7()), name=name, created_at=self._clock())
        by = operator_of(row.workspace_id)
        async with self._units.begin() as unit:
            await AccessRepository(unit.session).add(row)
            subject = Subject("workspace", row.workspace_id, name)
            await record(unit, Action.WORKSPACE_MADE, by=by, to=subject, at=self._clock())
        return by

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
            email=address_of(admin_email),
            name="",
            password_hash=await self._passwords.hash(password),
            created_at=now,
        )
        await repository.add(user)
        await repository.add(
            Membership(
                user_id=user.user_id,
                workspace_id=row.workspace_id,
                role=str(Role.ADMIN),
                created_at=now,
            )
        )
        by = Principal(row.workspace_id, "first-run", ALL_SCOPES, "")
        made = await self._add_key(unit, by, name="first-run", scopes=ALL_SCOPES)
        subject = Subject("workspace", row.workspace_id, workspace)
        await record(unit, Action.WORKSPACE_MADE, by=by, to=subject, at=now)
        return FirstRun(made.text, user.email, password)

    async def _add_key(
        self,
        unit: UnitOfWork,
        by: Principal,
        *,
        name: str,
        scopes: Iterable[Scope],
        until: datetime | None = None,
    ) -> MadeKey:
        key: NewKey = make_key()
        row = ApiKey(
            key_id=UUID(int=uuid7().int),
            workspace_id=by.workspace_id,
            name=name,
            public_id=key.public_id,
            secret_hash=key.secret_hash,
            last4=key.last4,
            scopes=sorted(scopes),
            created_by=by.name,
            created_at=self._clock(),
            expires_at=until,
        )
        await AccessRepository(unit.session).add(row)
        return MadeKey(row, key.text)

    async def _tell(
        self,
        unit: UnitOfWork,
        action: Action,
        by: Principal,
        key: ApiKey,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        subject = Subject("key", str(key.key_id), key.name)
        await record(unit, action, by=by, to=subject, at=self._clock(), detail=detail)


async def _key(unit: UnitOfWork, workspace_id: str, key_id: UUID) -> ApiKey:
    key = await AccessRepository(unit.session).key(workspace_id, key_id)
    if key is None:
        detail = "There is no such key in this workspace."
        raise NotFound(detail)
    return key


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
