"""The second factor: setting it up, checking its codes, and what is done when the phone is lost."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.access import totp
from server.access.directory import Directory
from server.access.keys import hash_of
from server.access.models import RecoveryCode, User
from server.access.once_repository import OnceRepository
from server.access.people_repository import PeopleRepository
from server.access.principal import Principal, user_principal
from server.access.proof import Proof
from server.access.sealing import Sealing
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.errors import NotFound, StateConflict
from server.unit_of_work import UnitOfWork, UnitsOfWork

_RECOVERY_CODES = 10
# No vowels and nothing that looks like something else: codes are copied by hand from paper.
_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
# 4 x 4 characters of 27: 76 bits, so that a fast hash is enough.
_GROUP, _GROUPS = 4, 4


@dataclass(frozen=True)
class Offer:
    """A second factor that is not confirmed yet."""

    secret: str
    """Base32 in groups of four, to be typed."""
    address: str
    """`otpauth:` address, to be shown as a QR code."""


class SecondFactor:
    """Codes of an app (RFC 6238), and recovery codes beside them."""

    def __init__(
        self, units: UnitsOfWork, directory: Directory, proof: Proof, sealing: Sealing
    ) -> None:
        self._units = units
        self._directory = directory
        self._proof = proof
        self._sealing = sealing

    @property
    def is_possible(self) -> bool:
        """Return whether this appliance can keep a secret for it."""
        return self._sealing.is_possible

    async def offer(self, user_id: UUID) -> Offer:
        """Return what the app needs; the same until it is confirmed.

        Raises:
            StateConflict: one is on already, or this appliance has no sealing key.
        """
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
            if user.totp_since is not None:
                detail = "The second factor is on already."
                raise StateConflict(detail)
            secret = self._opened(user)
            if secret is None:
                secret = totp.make_secret()
                user.totp_secret = self._sealing.seal(secret, owner=str(user_id))
                unit.session.add(user)
        return Offer(totp.as_text(secret), totp.as_address(secret, email=user.email))

    async def confirm(self, by: Principal, user_id: UUID, code: str, now: datetime) -> list[str]:
        """Turn it on by a first code; return the recovery codes, which are shown this once.

        Returns:
            An empty list when the code is wrong.

        Raises:
            StateConflict: nothing is offered, or it is on already.
        """
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
            secret = self._opened(user)
            if user.totp_since is not None or secret is None:
                detail = "There is no second factor to confirm."
                raise StateConflict(detail)
            step = totp.step_of_code(secret, _compact(code), now)
            if step is None:
                return []
            user.totp_since, user.totp_step = now, step
            unit.session.add(user)
            codes = await _new_recovery_codes(unit, user_id)
            await record(unit, Action.SECOND_FACTOR_ON, by=by, to=_subject(user), at=now)
        self._directory.forget_sessions()
        return codes

    async def take(self, unit: UnitOfWork, user_id: UUID, code: str, now: datetime) -> bool:
        """Return whether the code is right, and use it up: no code is good twice.

        Args:
            unit: the transaction in which the code is used up.
            user_id: whose code.
            code: six digits of the app, or a recovery code; spaces and hyphens do not matter.
            now: the present, aware.
        """
        user = await _user(unit, user_id)
        once = OnceRepository(unit.session)
        given = _compact(code)
        secret = self._opened(user)
        step = totp.step_of_code(secret, given, now) if secret is not None else None
        if step is not None:
            return await once.take_step(user_id, step)
        if not await once.take_recovery_code(user_id, _hash_of(user_id, given)):
            return False
        left = await once.count_recovery_codes(user_id)
        for workspace_id in await PeopleRepository(unit.session).workspaces_of(user_id):
            by = user_principal(workspace_id, email=user.email, user_id=user_id)
            await record(
                unit,
                Action.RECOVERY_CODE_USED,
                by=by,
                to=_subject(user),
                at=now,
                detail={"left": left},
            )
        return True

    async def recovery_codes_left(self, user_id: UUID) -> int:
        """Return how many recovery codes are left."""
        async with self._units.begin() as unit:
            return await OnceRepository(unit.session).count_recovery_codes(user_id)

    async def remove(self, by: Principal, user_id: UUID, password: str, now: datetime) -> bool:
        """Turn one's own off; False when the password is wrong.

        Raises:
            RateLimited: too many tries.
        """
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
        if await self._proof.by_password(user.email, password, now) is None:
            return False
        await self._proof.succeeded(user.email)
        await self._off(by, user_id, Action.SECOND_FACTOR_OFF, now)
        return True

    async def reset(self, by: Principal, user_id: UUID, now: datetime) -> None:
        """Turn somebody's off, whose phone is lost, and end their sessions; see People.charge."""
        await self._off(by, user_id, Action.SECOND_FACTOR_RESET, now)

    async def _off(self, by: Principal, user_id: UUID, action: Action, now: datetime) -> None:
        async with self._units.begin() as unit:
            user = await _user(unit, user_id)
            user.totp_secret = user.totp_since = user.totp_step = None
            unit.session.add(user)
            once = OnceRepository(unit.session)
            await once.void_recovery_codes(user_id)
            await once.void_passes(user_id)
            if action is Action.SECOND_FACTOR_RESET:
                await PeopleRepository(unit.session).end_sessions(user_id)
            await record(unit, action, by=by, to=_subject(user), at=now)
        self._directory.forget_sessions()

    def _opened(self, user: User) -> bytes | None:
        if user.totp_secret is None:
            return None
        return self._sealing.open(user.totp_secret, owner=str(user.user_id))


async def _user(unit: UnitOfWork, user_id: UUID) -> User:
    user = await PeopleRepository(unit.session).user(user_id)
    if user is None:
        raise NotFound
    return user


async def _new_recovery_codes(unit: UnitOfWork, user_id: UUID) -> list[str]:
    await OnceRepository(unit.session).void_recovery_codes(user_id)
    codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
    for code in codes:
        row = RecoveryCode(user_id=user_id, code_hash=_hash_of(user_id, _compact(code)))
        unit.session.add(row)
    return codes


def _recovery_code() -> str:
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )


def _hash_of(user_id: UUID, code: str) -> str:
    # Salted by whose it is, so that one table of hashes does not serve for all users.
    return hash_of(f"{user_id}:{code}")


def _compact(code: str) -> str:
    return code.replace(" ", "").replace("-", "").lower()


def _subject(user: User) -> Subject:
    return Subject("user", str(user.user_id), user.email)
