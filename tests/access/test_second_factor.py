"""The second factor: codes of RFC 6238, none good twice, counted, sealed, recoverable."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from server.access import totp
from server.access.models import RecoveryCode, User
from server.access.principal import Principal
from server.access.rate_limit import RateLimit
from server.access.roles import Role
from server.access.sealing import Sealing
from server.access.service import FirstRun
from server.access.sign_in import CodeDue, SignedIn
from server.errors import NotFound, RateLimited, StateConflict
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.people import PASSWORD, join, sign_in

# RFC 6238, appendix B: the secret is 20 ASCII digits; the codes are the last six of its eight.
RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)

    assert totp.code_at(RFC_SECRET, totp.step_of(moment)) == code
    assert totp.step_of_code(RFC_SECRET, code, moment) == totp.step_of(moment)


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, is_taken: bool) -> None:
    now = datetime(2026, 1, 1, 10, 0, tzinfo=UTC)
    code = totp.code_at(RFC_SECRET, totp.step_of(now) + steps)

    assert (totp.step_of_code(RFC_SECRET, code, now) is not None) is is_taken


def test_what_is_sealed_opens_for_its_owner_and_key_only() -> None:
    sealing = Sealing("key")

    sealed = sealing.seal(RFC_SECRET, owner="nadia")

    assert RFC_SECRET not in sealed
    assert sealed != sealing.seal(RFC_SECRET, owner="nadia")
    assert sealing.open(sealed, owner="nadia") == RFC_SECRET
    assert sealing.open(sealed, owner="mallory") is None
    assert Sealing("another").open(sealed, owner="nadia") is None
    assert sealing.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), owner="nadia") is None
    with pytest.raises(StateConflict):
        Sealing("").seal(RFC_SECRET, owner="nadia")


async def turn_on(parts: Parts, by: Principal) -> tuple[bytes, list[str]]:
    """Set the caller's second factor up; return its secret and the recovery codes."""
    user_id = UUID(by.key_id)
    offer = await parts.room.second_factor.offer(user_id)
    secret = base64.b32decode(offer.secret.replace(" ", ""))
    code = totp.code_at(secret, totp.step_of(parts.clock()))
    return secret, await parts.room.second_factor.confirm(by, user_id, code, parts.clock())


async def give_password(parts: Parts, first: FirstRun) -> CodeDue:
    begun = await parts.room.sign_in.begin(first.admin_email, first.admin_password, parts.clock())
    assert isinstance(begun, CodeDue)
    return begun


async def test_signing_in_takes_the_password_and_a_code(
    parts: Parts, admin: Principal, first: FirstRun, clock: HandClock
) -> None:
    secret, _ = await turn_on(parts, admin)
    clock.advance(timedelta(seconds=30))
    due = await give_password(parts, first)
    code = totp.code_at(secret, totp.step_of(clock()))

    wrong = await parts.room.sign_in.finish(due.token, "000000", clock())
    right = await parts.room.sign_in.finish(due.token, f"{code[:3]} {code[3:]}", clock())

    assert wrong is None
    assert isinstance(right, SignedIn)
    assert await parts.room.directory.principal_of_session(due.token) is None
    with pytest.raises(NotFound):
        await parts.room.sign_in.finish(due.token, code, clock())


async def test_no_code_is_taken_twice_not_even_at_once(
    parts: Parts, admin: Principal, first: FirstRun, clock: HandClock
) -> None:
    secret, _ = await turn_on(parts, admin)
    at_confirmation = totp.code_at(secret, totp.step_of(clock()))
    dues = [await give_password(parts, first) for _ in range(3)]
    replayed = await parts.room.sign_in.finish(dues[0].token, at_confirmation, clock())
    clock.advance(timedelta(seconds=30))
    code = totp.code_at(secret, totp.step_of(clock()))

    ended = await asyncio.gather(
        *(parts.room.sign_in.finish(due.token, code, clock()) for due in dues)
    )

    assert replayed is None
    assert sorted(isinstance(it, SignedIn) for it in ended) == [False, False, True]


async def test_wrong_codes_lock_although_the_password_is_right(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    parts.room.proof.tries = RateLimit(per_second=1000, burst=1000)
    await turn_on(parts, admin)
    due = await give_password(parts, first)
    for _ in range(10):
        await give_password(parts, first)
        assert await parts.room.sign_in.finish(due.token, "000000", parts.clock()) is None

    with pytest.raises(RateLimited):
        await give_password(parts, first)
    with pytest.raises(RateLimited):
        await parts.room.sign_in.finish(due.token, "000000", parts.clock())


async def test_the_password_counts_for_ten_minutes(
    parts: Parts, admin: Principal, first: FirstRun, clock: HandClock
) -> None:
    secret, _ = await turn_on(parts, admin)
    due = await give_password(parts, first)
    clock.advance(timedelta(minutes=10))

    with pytest.raises(NotFound):
        await parts.room.sign_in.finish(
            due.token, totp.code_at(secret, totp.step_of(clock())), clock()
        )


async def test_each_recovery_code_works_once(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    _, codes = await turn_on(parts, admin)
    one, two = await give_password(parts, first), await give_password(parts, first)

    first_time = await parts.room.sign_in.finish(one.token, codes[0].upper(), parts.clock())
    again = await parts.room.sign_in.finish(two.token, codes[0], parts.clock())

    assert (first_time is None, again is None) == (False, True)
    assert await parts.room.second_factor.recovery_codes_left(UUID(admin.key_id)) == 9


async def test_nothing_of_it_is_stored_in_clear(parts: Parts, admin: Principal) -> None:
    secret, codes = await turn_on(parts, admin)

    async with parts.units.begin() as unit:
        (user,) = (await unit.session.exec(select(User))).all()
        rows = (await unit.session.exec(select(RecoveryCode))).all()

    assert len(rows) == len(set(codes)) == 10
    assert user.totp_secret is not None
    assert secret not in user.totp_secret
    assert not {row.code_hash for row in rows} & set(codes)


async def test_a_wrong_first_code_turns_nothing_on(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    offer = await parts.room.second_factor.offer(UUID(admin.key_id))

    codes = await parts.room.second_factor.confirm(
        admin, UUID(admin.key_id), "000000", parts.clock()
    )

    assert codes == []
    assert await parts.room.second_factor.offer(UUID(admin.key_id)) == offer
    await sign_in(parts, first.admin_email, first.admin_password)


async def test_turning_it_off_takes_the_password(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    await turn_on(parts, admin)
    remove = parts.room.second_factor.remove
    user_id = UUID(admin.key_id)

    assert not await remove(admin, user_id, "a wrong guess", parts.clock())
    assert await remove(admin, user_id, first.admin_password, parts.clock())

    await sign_in(parts, first.admin_email, first.admin_password)


async def test_an_administrator_turns_it_off_for_who_lost_the_phone(
    parts: Parts, admin: Principal
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    before = await sign_in(parts, "e@x.example")
    session = await parts.room.directory.principal_of_session(before.token)
    assert session is not None
    await turn_on(parts, session.principal)

    await parts.room.second_factor.reset(admin, user_id, parts.clock())

    assert await parts.room.directory.principal_of_session(before.token) is None
    await sign_in(parts, "e@x.example", PASSWORD)


async def test_a_workspace_that_asks_for_one_lets_nobody_work_without(
    parts: Parts, admin: Principal
) -> None:
    await join(parts, admin, "e@x.example", Role.EDITOR)
    signed_in = await sign_in(parts, "e@x.example")
    people, directory = parts.room.people, parts.room.directory

    with pytest.raises(StateConflict, match="your own"):
        await people.require_second_factor(admin, is_required=True)
    await turn_on(parts, admin)
    await people.require_second_factor(admin, is_required=True)
    without = await directory.principal_of_session(signed_in.token)
    assert without is not None
    await turn_on(parts, without.principal)
    with_one = await directory.principal_of_session(signed_in.token)

    assert (without.lacks_second_factor, without.principal.scopes) == (True, frozenset())
    assert with_one is not None
    assert not with_one.lacks_second_factor
    assert with_one.principal.scopes
