"""Ten wrong passwords or codes in a row lock an address for half an hour, in every process.

The lock is on the address, not on the user: an unknown one is locked alike, so that it tells
nothing. `rate_limit.py` slows single guesses down before this counts them.
"""

import math
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.access.keys import hash_of
from server.access.models import SignInFailure
from server.errors import RateLimited
from server.unit_of_work import UnitOfWork, UnitsOfWork

MOST_FAILURES = 10
LOCKED_FOR = timedelta(minutes=30)


class SignInLock:
    """Counts failures and refuses who is locked."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def check(self, address: str, now: datetime) -> None:
        """Return when the address is not locked.

        Raises:
            RateLimited: it is; `Retry-After` says for how long.
        """
        async with self._units.begin() as unit:
            found = await unit.session.get(SignInFailure, hash_of(address))
        if found is None or found.locked_until is None or found.locked_until <= now:
            return
        seconds = math.ceil((found.locked_until - now).total_seconds())
        detail = f"Too many wrong tries; try again in {math.ceil(seconds / 60)} minutes."
        raise RateLimited(detail, headers={"Retry-After": str(seconds)})

    async def failed(self, unit: UnitOfWork, address: str, now: datetime) -> bool:
        """Count a wrong password or code, and lock the address at the tenth in a row.

        Returns:
            True when the address is locked by now.
        """
        address_hash = hash_of(address)
        # What strangers typed long ago counts for nothing, and must not fill the table.
        await unit.session.exec(
            delete(SignInFailure).where(col(SignInFailure.last_failed_at) < now - LOCKED_FOR)
        )
        if not await _count(unit, address_hash, now):
            first = SignInFailure(address_hash=address_hash, failures=1, last_failed_at=now)
            try:
                async with unit.session.begin_nested():
                    unit.session.add(first)
            except IntegrityError:  # Another guess of the same moment was first.
                await _count(unit, address_hash, now)
        locked = select(SignInFailure.locked_until).where(
            col(SignInFailure.address_hash) == address_hash
        )
        return (await unit.session.exec(locked)).first() is not None

    async def succeeded(self, address: str) -> None:
        """Forget the failures before the right password."""
        async with self._units.begin() as unit:
            await unit.session.exec(
                delete(SignInFailure).where(col(SignInFailure.address_hash) == hash_of(address))
            )


async def _count(unit: UnitOfWork, address_hash: str, now: datetime) -> bool:
    """Count one more in the database, so that guesses of one moment all count."""
    mine = col(SignInFailure.address_hash) == address_hash
    more = {"failures": col(SignInFailure.failures) + 1, "last_failed_at": now}
    counted = await unit.session.exec(update(SignInFailure).where(mine).values(**more))
    await unit.session.exec(
        update(SignInFailure)
        .where(mine, col(SignInFailure.failures) >= MOST_FAILURES)
        .values(locked_until=now + LOCKED_FOR)
    )
    return bool(counted.rowcount)
