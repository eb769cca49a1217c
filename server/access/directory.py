"""Finds who a key or a session cookie stands for; remembers it for seconds.

Comes before every handler, through `authentication.py`, so the usual case must not ask the
database: an answer is kept for three seconds, which is also how long a key revoked through another
process goes on working.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.access.cache import ShortCache
from server.access.keys import hash_of, public_id_of
from server.access.principal import ActiveSession, Principal
from server.access.repository import TOUCH_EVERY, AccessRepository
from server.access.scopes import Scope
from server.clock import Clock
from server.unit_of_work import UnitsOfWork

_REMEMBER_SECONDS = 3.0
_REMEMBER_LIMIT = 10_000
# A browser left alone that long is signed out; shorter would end a working day's session at lunch.
SESSION_IDLE = timedelta(hours=2)


@dataclass(frozen=True)
class _Known:
    found: ActiveSession
    until: datetime | None


class Directory:
    """Lookups of principals, one per process."""

    def __init__(self, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self._keys: ShortCache[str, _Known | None] = ShortCache(
            seconds=_REMEMBER_SECONDS, limit=_REMEMBER_LIMIT
        )
        self._sessions: ShortCache[str, _Known | None] = ShortCache(
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
        session = self._while_valid(known)
        return session.principal if session else None

    async def principal_of_session(self, token: str) -> ActiveSession | None:
        """Return who is signed in with this cookie; None when unknown, ended, idle or expired."""
        token_hash = hash_of(token)
        remembered = self._sessions.get(token_hash)
        if remembered is None:
            known = await self._look_up_session(token_hash)
            self._sessions.put(token_hash, known)
        else:
            known = remembered[0]
        return self._while_valid(known)

    def forget_keys(self) -> None:
        """Look every key up again: one was revoked."""
        self._keys.clear()

    def forget_session(self, token: str) -> None:
        """Look the session up again: it was ended."""
        self._sessions.forget(hash_of(token))

    def _while_valid(self, known: _Known | None) -> ActiveSession | None:
        if known is None or (known.until is not None and known.until <= self._clock()):
            return None
        return known.found

    async def _look_up_key(self, public_id: str, secret_hash: str) -> _Known | None:
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
        return _Known(ActiveSession(principal, csrf_token=""), key.expires_at)

    async def _look_up_session(self, token_hash: str) -> _Known | None:
        now = self._clock()
        async with self._units.begin() as unit:
            repository = AccessRepository(unit.session)
            found = await repository.session_and_user(token_hash)
            if found is None:
                return None
            session, user = found
            if user.disabled_at is not None or session.last_seen_at < now - SESSION_IDLE:
                return None
            if session.last_seen_at < now - TOUCH_EVERY:
                await repository.touch_session(token_hash, now)
        principal = Principal(
            workspace_id=user.workspace_id,
            name=f"user:{user.email}",
            scopes=frozenset(Scope(scope) for scope in user.scopes),
            key_id=str(user.user_id),
        )
        return _Known(ActiveSession(principal, session.csrf_token), session.expires_at)
