"""Passwords: Argon2id, off the event loop, and as slow for a stranger as for a user."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from server.access.password_rules import normal

# RFC 9106's second choice (64 MiB, 3 passes), which is the library's default.
_HASHER = PasswordHasher()


class Passwords:
    """Hashes and checks; two at once, since each takes 64 MiB of memory."""

    def __init__(self) -> None:
        self._at_once = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        """Return the Argon2id hash, with its parameters and salt."""
        async with self._at_once:
            return await asyncio.to_thread(_HASHER.hash, normal(password))

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Return whether the password fits; takes as long when there is no such user (None)."""
        async with self._at_once:
            return await asyncio.to_thread(_verify, normal(password), password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return _HASHER.verify(password_hash or _nobody(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe())
