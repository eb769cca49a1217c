"""Finds who a key or a session cookie stands for; remembers it for seconds.

Comes before every handler, through `authentication.py`, so the usual case must not ask the
database: an answer is kept for three seconds, which is also how long a key revoked through another
process goes on working.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from server.access.cache import ShortCache
from server.access.keys import hash_of, public_id_of
from server.access.people_repository import PeopleRepository
from server.access.principal import ActiveSession, Place, Principal, user_principal
from server.access.repository import TOUCH_EVERY, AccessRepository
from server.access.roles import SCOPES, Role
from server.access.scopes import Scope
from server.clock import Clock
from server.unit_of_work import UnitsOfWork

_REMEMBER_SECONDS = 3.0
_REMEMBER_LIMIT = 10_000
# Enough to find somebody who is in today.
_SHOWN_ADMINS = 3

T = TypeVar("T", Principal, ActiveSession)


@dataclass(frozen=True)
class _Known(Generic[T]):
    found: T
    until: datetime | None
    seen_at: datetime | None = None
    """When somebody last sat at the browser, as the database has it; None for a key."""


class Directory:
    """Lookups of principals, one per process.

    Args:
        units: makers of units of work.
        clock: the time.
        idle: a browser left alone for longer is signed out.
    """

    def __init__(self, units: UnitsOfWork, clock: Clock, *, idle: timedelta) -> None:
        self._units = units
        self._clock = clock
        self._idle = idle
        self._keys: ShortCache[str, _Known[Principal] | None] = ShortCache(
            seconds=_REMEMBER_SECONDS, limit=_REMEMBER_LIMIT
        )
        self._sessions: ShortCache[str, _Known[ActiveSession] | None] = ShortCache(
            seconds=_REMEMBER_SECONDS, limit=_REMEMBER_LIMIT
        )

    async def principal_of_key(self, text: str) -> Principal | None:
        """Return who the API key stands for; None when unknown, revoked or expired."""
        public_id = public_id_of(text)
        if public_id is None:
            return None
        token_hash = hash_of(text)
        remembered = self._keys.get(token_hash)
        if remembered is None:
            known = await self._look_up_key(public_id, token_hash)
            self._keys.put(token_hash, known)
        else:
            known = remembered[0]
        return self._while_valid(known)

    async def principal_of_session(
        self, token: str, *, is_attended: bool = True
    ) -> ActiveSession | None:
        """Return who is signed in with this cookie; None when unknown, ended, idle or expired.

        Args:
            token: the cookie's.
            is_attended: False for what an open page asks by itself, which does not keep the
                browser signed in.
        """
        token_hash = hash_of(token)
        remembered = self._sessions.get(token_hash)
        if remembered is None:
            known = await self._look_up_session(token_hash)
            self._sessions.put(token_hash, known)
        else:
            known = remembered[0]
        now = self._clock()
        if known and known.seen_at and is_attended and known.seen_at < now - TOUCH_EVERY:
            async with self._units.begin() as unit:
                await AccessRepository(unit.session).touch_session(token_hash, now)
            known = replace(known, seen_at=now)
            self._sessions.put(token_hash, known)
        return self._while_valid(known)

    def forget_keys(self) -> None:
        """Look every key up again: one was revoked."""
        self._keys.clear()

    def forget_session(self, token: str) -> None:
        """Look the session up again: it was ended."""
        self._sessions.forget(hash_of(token))

    def forget_sessions(self) -> None:
        """Look every session up again: somebody's role, password or workspace changed."""
        self._sessions.clear()

    def _while_valid(self, known: _Known[T] | None) -> T | None:
        if known is None or (known.until is not None and known.until <= self._clock()):
            return None
        return known.found

    async def _look_up_key(self, public_id: str, secret_hash: str) -> _Known[Principal] | None:
        now = self._clock()
        async with self._units.begin() as unit:
            repository = AccessRepository(unit.session)
            key = await repository.key_by_public_id(public_id)
            if key is None or not hmac.compare_digest(key.secret_hash, secret_hash):
                return None
            if key.revoked_at is not None:
                return None
            if key.last_used_at is None or key.last_used_at < now - TOUCH_EVERY:
                await repository.touch_key(key.key_id, now)
        principal = Principal(
            workspace_id=key.workspace_id,
            name=f"key:{key.name}",
            scopes=frozenset(Scope(scope) for scope in key.scopes),
            key_id=str(key.key_id),
        )
        return _Known(principal, key.expires_at)

    async def _look_up_session(self, token_hash: str) -> _Known[ActiveSession] | None:
        now = self._clock()
        async with self._units.begin() as unit:
            repository = AccessRepository(unit.session)
            found = await repository.session_and_user(token_hash)
            if found is None:
                return None
            session, user = found
            if session.last_seen_at < now - self._idle:
                return None
            people = PeopleRepository(unit.session)
            belongs = await people.places(user.user_id)
            admins = await people.administrators(session.workspace_id, limit=_SHOWN_ADMINS)
        places = tuple(
            Place(workspace.workspace_id, workspace.name, Role(membership.role))
            for membership, workspace in belongs
        )
        place = next((it for it in places if it.workspace_id == session.workspace_id), None)
        if place is None:
            return None
        requires = {it.workspace_id for _, it in belongs if it.requires_totp}
        lacks = place.workspace_id in requires and user.totp_since is None
        active = ActiveSession(
            principal=user_principal(
                place.workspace_id,
                email=user.email,
                user_id=user.user_id,
                scopes=frozenset() if lacks else SCOPES[place.role],
            ),
            csrf_token=session.csrf_token,
            person=user.name or user.email,
            place=place,
            administrators=tuple(admins),
            places=tuple(sorted(places, key=lambda it: it.name.casefold())),
            lacks_second_factor=lacks,
        )
        return _Known(active, session.expires_at, session.last_seen_at)
