"""Invitations and password links: good once, for a while, and only as far as they were meant."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from server.access.models import Invitation, Membership, Pass, User, UserSession
from server.access.password_rules import fault_of
from server.access.principal import Principal
from server.access.rate_limit import RateLimit
from server.access.roles import Role
from server.access.service import FirstRun
from server.access.sign_in import SignedIn
from server.errors import Malformed, NotFound, StateConflict
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.people import PASSWORD, admin_of, join, sign_in

NEW = "quite another long one"


async def test_who_joins_has_the_role_and_the_name(parts: Parts, admin: Principal) -> None:
    made = await parts.room.invitations.invite(admin, " New@X.example ", Role.APPROVER)

    joined = await parts.room.invitations.join(made.token, name="Nora New", password=PASSWORD)

    signed_in = await sign_in(parts, "new@x.example")
    session = await parts.room.directory.principal_of_session(signed_in.token)
    assert session is not None
    assert joined == ("new@x.example", admin.workspace_id)
    assert (session.place.role, session.person) == (Role.APPROVER, "Nora New")


async def test_a_link_lets_one_person_in_however_often_it_is_sent(each_parts: Parts) -> None:
    async with each_parts.units.begin() as unit:
        first = await each_parts.access.set_up(unit, workspace="main", admin_email="a@b.example")
    assert first is not None
    by = await admin_of(each_parts, first)
    invitations = each_parts.room.invitations
    made = await invitations.invite(by, "new@x.example", Role.VIEWER)

    ended = await asyncio.gather(
        *(invitations.join(made.token, name="N", password=PASSWORD) for _ in range(3)),
        return_exceptions=True,
    )

    assert sorted(type(it).__name__ for it in ended) == ["NotFound", "NotFound", "tuple"]
    people = await each_parts.room.people.page(by.workspace_id, after=None, limit=9)
    assert len(people) == 2


@pytest.mark.parametrize("end", ["used", "withdrawn", "replaced", "expired", "none"])
async def test_a_link_that_has_ended_lets_nobody_in(
    parts: Parts, admin: Principal, clock: HandClock, end: str
) -> None:
    invitations = parts.room.invitations
    made = await invitations.invite(admin, "new@x.example", Role.VIEWER)
    token = made.token
    match end:
        case "used":
            await invitations.join(token, name="N", password=PASSWORD)
        case "withdrawn":
            await invitations.withdraw(admin, made.row.invitation_id)
            await invitations.withdraw(admin, made.row.invitation_id)
        case "replaced":
            await invitations.invite(admin, "new@x.example", Role.VIEWER)
        case "expired":
            clock.advance(timedelta(days=7, seconds=1))
        case _:
            token = "nonsense"

    assert await invitations.look(token) is None
    with pytest.raises(NotFound):
        await invitations.join(token, name="Other", password=PASSWORD)


async def test_tokens_are_stored_nowhere(parts: Parts, admin: Principal) -> None:
    made = await parts.room.invitations.invite(admin, "new@x.example", Role.VIEWER)
    link = await parts.room.credentials.make_link(admin, UUID(admin.key_id))

    async with parts.units.begin() as unit:
        rows = [
            *(await unit.session.exec(select(Invitation))).all(),
            *(await unit.session.exec(select(Pass))).all(),
        ]

    text = "".join(str(row.model_dump()) for row in rows)
    assert len(rows) == 2
    assert made.token not in text
    assert link.token not in text


async def test_a_member_is_not_invited_again(parts: Parts, admin: Principal) -> None:
    await join(parts, admin, "e@x.example", Role.EDITOR)

    with pytest.raises(StateConflict):
        await parts.room.invitations.invite(admin, "e@x.example", Role.ADMIN)


async def test_who_has_an_account_joins_with_its_password_only(
    parts: Parts, admin: Principal
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    await parts.room.people.remove(admin, user_id)
    made = await parts.room.invitations.invite(admin, "e@x.example", Role.VIEWER)

    with pytest.raises(Malformed):
        await parts.room.invitations.join(made.token, name="", password="a guess of a password")
    await parts.room.invitations.join(made.token, name="Thief", password=PASSWORD)

    person = await parts.room.people.get(admin.workspace_id, user_id)
    assert (person.user.name, person.membership.role) == ("Some Body", "viewer")


async def test_a_weak_password_leaves_the_link_good(parts: Parts, admin: Principal) -> None:
    invitations = parts.room.invitations
    made = await invitations.invite(admin, "new@x.example", Role.VIEWER)

    with pytest.raises(Malformed) as refused:
        await invitations.join(made.token, name="N", password="short")

    assert refused.value.errors[0].pointer == "/password"
    assert await invitations.look(made.token) is not None
    async with parts.units.begin() as unit:
        assert len((await unit.session.exec(select(User))).all()) == 1
        assert len((await unit.session.exec(select(Membership))).all()) == 1


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("elevenchars", False),
        ("twelve chars", True),
        ("пароль-дванадцать", True),
        ("a" * 200, False),
        ("correct horse " * 15, False),
        ("abababababababab", False),
        ("nadia.keller@x.example", False),
        ("NadiaKeller1", False),
        ("nadia keller likes long walks", True),
        ("tallydock1234", False),
    ],
)
def test_passwords_are_long_and_not_the_persons_own_name(password: str, is_taken: bool) -> None:
    fault = fault_of(password, email="nadia.keller@x.example", name="Nadia Keller")

    assert (fault is None) is is_taken


async def test_a_password_is_the_same_however_its_letters_are_composed(
    parts: Parts, admin: Principal
) -> None:
    made = await parts.room.invitations.invite(admin, "new@x.example", Role.VIEWER)
    await parts.room.invitations.join(
        made.token, name="N", password="caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait noir"
    )

    composed = "cafe\N{COMBINING ACUTE ACCENT} au lait noir"

    assert await parts.room.sign_in.begin("new@x.example", composed, parts.clock()) is not None


async def test_a_password_link_sets_a_password_once_and_ends_every_session(
    parts: Parts, admin: Principal
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    before = await sign_in(parts, "e@x.example")
    credentials = parts.room.credentials
    void = await credentials.make_link(admin, user_id)
    link = await credentials.make_link(admin, user_id)

    still = await sign_in(parts, "e@x.example")
    await credentials.reset(link.token, NEW)

    assert still.token != before.token
    for token in (link.token, void.token):
        with pytest.raises(NotFound):
            await credentials.reset(token, PASSWORD)
    assert await parts.room.sign_in.begin("e@x.example", PASSWORD, parts.clock()) is None
    assert isinstance(await parts.room.sign_in.begin("e@x.example", NEW, parts.clock()), SignedIn)
    directory = parts.room.directory
    assert await directory.principal_of_session(before.token) is None


async def test_a_password_link_is_too_old_after_a_day(
    parts: Parts, admin: Principal, clock: HandClock
) -> None:
    link = await parts.room.credentials.make_link(admin, UUID(admin.key_id))
    clock.advance(timedelta(hours=24, seconds=1))

    assert await parts.room.credentials.look(link.token) is None
    with pytest.raises(NotFound):
        await parts.room.credentials.reset(link.token, NEW)


async def test_changing_ones_password_needs_the_present_one_and_ends_the_other_sessions(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    here = await sign_in(parts, first.admin_email, first.admin_password)
    there = await sign_in(parts, first.admin_email, first.admin_password)

    async def change(current: str) -> None:
        await parts.room.credentials.change_own(
            admin, UUID(admin.key_id), current=current, new=NEW, session_token=here.token
        )

    with pytest.raises(Malformed) as refused:
        await change("not the present one")
    await change(first.admin_password)

    assert refused.value.errors[0].pointer == "/current"
    async with parts.units.begin() as unit:
        assert len((await unit.session.exec(select(UserSession))).all()) == 1
    directory = parts.room.directory
    assert await directory.principal_of_session(here.token) is not None
    assert await directory.principal_of_session(there.token) is None


async def test_guessing_at_ones_present_password_counts_towards_the_lock(
    parts: Parts, admin: Principal, first: FirstRun
) -> None:
    parts.room.proof.tries = RateLimit(per_second=1000, burst=1000)
    user_id = UUID(admin.key_id)
    for _ in range(10):
        with pytest.raises(Malformed):
            await parts.room.credentials.change_own(
                admin, user_id, current="a wrong guess", new=NEW, session_token=""
            )

    with pytest.raises(Exception, match="Too many wrong tries"):
        await parts.room.sign_in.begin(first.admin_email, first.admin_password, parts.clock())
