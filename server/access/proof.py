"""Proves that somebody is who they say, by password: slowed down, counted, locked, told.

Every place that asks for a password goes through here, so that none can be guessed at in peace.
"""

from datetime import datetime

import structlog

from server.access.models import User
from server.access.passwords import Passwords
from server.access.people_repository import PeopleRepository
from server.access.principal import user_principal
from server.access.rate_limit import RateLimit
from server.access.sign_in_lock import SignInLock
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.errors import RateLimited
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)

# Ten guesses, then one every 20 s per address: a person who mistypes does not notice.
_BURST = 10
_PER_SECOND = 0.05


class Proof:
    """Checks passwords for everything in this room; one per process."""

    def __init__(self, units: UnitsOfWork, passwords: Passwords) -> None:
        self._units = units
        self._passwords = passwords
        self._lock = SignInLock(units)
        self.tries = RateLimit(per_second=_PER_SECOND, burst=_BURST)

    async def allow(self, address: str, now: datetime) -> None:
        """Return when one more try is allowed for the address.

        Raises:
            RateLimited: too many tries, or the address is locked; where both are so, the one that
                lasts longer: who waits as told must not be refused again.
        """
        try:
            self.tries.take(address)
        except RateLimited as braked:
            try:
                await self._lock.check(address, now)
            except RateLimited as locked:
                raise max(braked, locked, key=_wait_of) from None
            raise
        await self._lock.check(address, now)

    async def by_password(
        self, email: str, password: str, now: datetime, *, is_joining: bool = False
    ) -> User | None:
        """Return the user whose address and password these are, None without saying which is wrong.

        The failures before are not forgotten: `succeeded` does that, once the proof is complete.

        Args:
            email: as typed.
            password: as typed.
            now: the present, aware.
            is_joining: True lets also who belongs nowhere at present, and is about to.

        Raises:
            RateLimited: too many tries, or the address is locked.
        """
        address = address_of(email)
        await self.allow(address, now)
        async with self._units.begin() as unit:
            people = PeopleRepository(unit.session)
            user = await people.user_by_email(address)
            # Who is kept out everywhere is nobody.
            is_known = user is not None and (is_joining or bool(await people.places(user.user_id)))
        password_hash = user.password_hash if user is not None and is_known else None
        if await self._passwords.is_right(password, password_hash):
            return user
        await self.failed(address, user, now)
        return None

    async def failed(self, address: str, user: User | None, now: datetime) -> None:
        """Count a wrong password or code, and tell the workspaces of who is known."""
        logger.warning("session.refused")
        async with self._units.begin() as unit:
            is_locked = await self._lock.failed(unit, address, now)
            if user is None:
                return
            action = Action.SIGN_IN_LOCKED if is_locked else Action.SIGN_IN_REFUSED
            subject = Subject("user", str(user.user_id), user.email)
            for workspace_id in await PeopleRepository(unit.session).workspaces_of(user.user_id):
                by = user_principal(workspace_id, email=user.email, user_id=user.user_id)
                await record(unit, action, by=by, to=subject, at=now)

    async def succeeded(self, address: str) -> None:
        """Forget the failures before."""
        await self._lock.succeeded(address)


def _wait_of(limited: RateLimited) -> int:
    return int(limited.headers["Retry-After"])


def address_of(email: str) -> str:
    """Return the address as it is stored and looked up."""
    return email.strip().lower()
