"""People of a workspace: roles, walls, and that somebody always administers it."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from server.access.people import People
from server.access.principal import Principal
from server.access.roles import SCOPES, Role, roles_with
from server.access.scopes import ALL_SCOPES, Scope
from server.errors import Forbidden, NotFound, StateConflict
from server.parts import Parts
from tests.fixtures.http import client_of
from tests.fixtures.people import PASSWORD, admin_of, join, sign_in, user_id_of

USERS = "/analytics/users"
INVITATIONS = "/analytics/invitations"
Change = Callable[[People, Principal, UUID], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "demoted": lambda people, by, user_id: people.change_role(by, user_id, Role.VIEWER),
    "kept out": lambda people, by, user_id: people.disable(by, user_id),
    "removed": lambda people, by, user_id: people.remove(by, user_id),
}


def test_no_role_below_the_administrator_manages_keys_and_people() -> None:
    assert roles_with(Scope.ADMIN) == (Role.ADMIN,)
    assert roles_with(Scope.FILES_UNDO) == (Role.ADMIN, Role.APPROVER)
    assert roles_with(Scope.FILES_WRITE) == (Role.ADMIN, Role.EDITOR)
    assert roles_with(Scope.AUDIT_READ) == (Role.ADMIN, Role.AUDITOR)
    assert SCOPES[Role.ADMIN] == ALL_SCOPES


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_the_last_administrator_cannot_be_lost(
    parts: Parts, admin: Principal, change: Change
) -> None:
    with pytest.raises(StateConflict):
        await change(parts.room.people, admin, UUID(admin.key_id))

    person = await parts.room.people.get(admin.workspace_id, UUID(admin.key_id))
    assert (person.membership.role, person.membership.disabled_at) == ("admin", None)


async def test_two_administrators_who_demote_each_other_at_once_do_not_both_succeed(
    each_parts: Parts,
) -> None:
    async with each_parts.units.begin() as unit:
        first = await each_parts.access.set_up(unit, workspace="main", admin_email="a@b.example")
    assert first is not None
    one = await admin_of(each_parts, first)
    two = await join(each_parts, one, "second@b.example", Role.ADMIN)
    people = each_parts.room.people

    ended = await asyncio.gather(
        people.change_role(one, two, Role.VIEWER),
        people.change_role(one, UUID(one.key_id), Role.VIEWER),
        return_exceptions=True,
    )

    assert [type(it) for it in ended].count(StateConflict) == 1
    roles = [it.membership.role for it in await people.page(one.workspace_id, after=None, limit=9)]
    assert roles.count("admin") == 1


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_ends_the_persons_session_at_once(
    parts: Parts, admin: Principal, change: Change
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    signed_in = await sign_in(parts, "e@x.example")
    directory = parts.room.directory
    before = await directory.principal_of_session(signed_in.token)

    await change(parts.room.people, admin, user_id)

    assert before is not None
    assert await directory.principal_of_session(signed_in.token) is None


async def test_who_is_kept_out_cannot_sign_in_until_let_in(parts: Parts, admin: Principal) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    begin, people = parts.room.sign_in.begin, parts.room.people

    await people.disable(admin, user_id)
    out = await begin("e@x.example", PASSWORD, parts.clock())
    await people.enable(admin, user_id)
    back = await begin("e@x.example", PASSWORD, parts.clock())

    assert (out is None, back is None) == (True, False)


async def test_a_session_may_do_what_its_role_says_and_no_more(
    app: Litestar, parts: Parts, admin: Principal
) -> None:
    await join(parts, admin, "v@x.example", Role.VIEWER)
    signed_in = await sign_in(parts, "v@x.example")

    async with client_of(app) as viewer:
        viewer.headers["cookie"] = f"tallydock_session={signed_in.token}"
        viewer.headers["x-csrf-token"] = signed_in.csrf_token
        read = await viewer.get("/analytics/files")
        sent = await viewer.post("/analytics/files/upload", json={})
        people = await viewer.get(USERS)

    assert (read.status_code, sent.status_code, people.status_code) == (200, 403, 403)


async def test_a_person_moves_between_their_workspaces_and_nowhere_else(
    parts: Parts, admin: Principal
) -> None:
    await join(parts, admin, "e@x.example", Role.EDITOR)
    other = await parts.access.make_workspace("Other")
    made = await parts.room.invitations.invite(other, "e@x.example", Role.VIEWER)
    await parts.room.invitations.join(made.token, name="", password=PASSWORD)
    strange = await parts.access.make_workspace("Strange")
    signed_in = await sign_in(parts, "e@x.example")
    directory, enter = parts.room.directory, parts.room.sign_in.enter
    session = await directory.principal_of_session(signed_in.token)
    assert session is not None

    with pytest.raises(NotFound):
        await enter(signed_in.token, session, strange.workspace_id, parts.clock())
    await enter(signed_in.token, session, other.workspace_id, parts.clock())
    after = await directory.principal_of_session(signed_in.token)

    assert after is not None
    assert (after.principal.workspace_id, after.place.role) == (other.workspace_id, Role.VIEWER)
    assert session.place.role is Role.EDITOR


async def test_an_administrator_gets_into_no_other_workspace_through_a_person(
    parts: Parts, admin: Principal
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    other = await parts.access.make_workspace("Other")
    made = await parts.room.invitations.invite(other, "e@x.example", Role.ADMIN)
    await parts.room.invitations.join(made.token, name="", password=PASSWORD)

    with pytest.raises(StateConflict, match="other workspaces"):
        await parts.room.people.charge(admin, user_id)


async def test_nobody_hands_on_a_role_that_can_do_more_than_they(
    parts: Parts, admin: Principal
) -> None:
    narrow = Principal(admin.workspace_id, "key:narrow", frozenset({Scope.ADMIN}), "")
    editor = await join(parts, admin, "e@x.example", Role.EDITOR)
    people = parts.room.people

    with pytest.raises(Forbidden):
        await parts.room.invitations.invite(narrow, "x@x.example", Role.ADMIN)
    with pytest.raises(Forbidden):
        await people.change_role(narrow, editor, Role.ADMIN)
    with pytest.raises(Forbidden):
        await people.charge(narrow, UUID(admin.key_id))


async def test_people_over_http_are_changed_and_leave(
    client: httpx.AsyncClient, parts: Parts, admin: Principal
) -> None:
    invited = (
        await client.post(INVITATIONS, json={"email": "E@x.example", "role": "editor"})
    ).json()
    await parts.room.invitations.join(invited["secret"], name="Eve", password=PASSWORD)
    listed = (await client.get(USERS)).json()["results"]
    path = f"{USERS}/{await user_id_of(parts, 'e@x.example')}"

    changed = await client.patch(path, json={"role": "approver", "disabled": True})
    removed = await client.delete(path)
    gone = await client.get(path)

    assert [(it["email"], it["role"]) for it in listed] == [
        ("e@x.example", "editor"),
        ("admin@example.com", "admin"),
    ]
    assert (changed.json()["role"], changed.json()["disabled"]) == ("approver", True)
    assert (removed.status_code, gone.status_code) == (204, 404)


async def test_lists_go_on_where_a_page_ends(client: httpx.AsyncClient) -> None:
    for number in range(3):
        body = {"email": f"p{number}@x.example", "role": "viewer"}
        assert (await client.post(INVITATIONS, json=body)).status_code == 201

    page = (await client.get(INVITATIONS, params={"page[size]": 2})).json()
    rest = (await client.get(page["links"]["next"])).json()

    emails = [it["email"] for it in [*page["results"], *rest["results"]]]
    assert emails == ["p2@x.example", "p1@x.example", "p0@x.example"]
    assert rest["links"]["next"] is None


async def test_everything_of_another_workspace_is_not_found(
    parts: Parts, admin: Principal, client: httpx.AsyncClient
) -> None:
    other = await parts.access.make_workspace("Other")
    foreign = await join(parts, other, "o@x.example", Role.ADMIN)
    invited = await parts.room.invitations.invite(other, "p@x.example", Role.VIEWER)
    key = await parts.access.create_key(other, name="theirs", scopes=[Scope.FILES_READ])

    asked = [
        await client.get(f"{USERS}/{foreign}"),
        await client.patch(f"{USERS}/{foreign}", json={"role": "viewer"}),
        await client.delete(f"{USERS}/{foreign}"),
        await client.post(f"{USERS}/{foreign}/password-link"),
        await client.delete(f"{USERS}/{foreign}/second-factor"),
        await client.delete(f"{INVITATIONS}/{invited.row.invitation_id}"),
        await client.post(f"/analytics/keys/{key.row.key_id}/rotate"),
        await client.get(f"{USERS}/nonsense"),
    ]

    assert {(it.status_code, it.json()["code"]) for it in asked} == {(404, "not-found")}
    assert "x.example" not in (await client.get(USERS)).text
    assert "x.example" not in (await client.get(INVITATIONS)).text


async def test_a_rotated_key_has_the_old_ones_rights_and_length_of_life(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    body = {"name": "shop", "scopes": ["files:read"], "expiresAt": "2026-01-31T10:00:00Z"}
    old = (await client.post("/analytics/keys", json=body)).json()

    new = (await client.post(f"/analytics/keys/{old['id']}/rotate")).json()
    await client.delete(f"/analytics/keys/{old['id']}")
    again = await client.post(f"/analytics/keys/{old['id']}/rotate")

    same = ("name", "scopes", "expiresAt")
    assert [new[it] for it in same] == [old[it] for it in same]
    assert new["id"] != old["id"]
    assert await parts.room.directory.principal_of_key(new["apiKey"]) is not None
    assert again.status_code == 409


async def test_a_replayed_invitation_does_not_tell_its_secret_again(
    client: httpx.AsyncClient,
) -> None:
    body, mark = {"email": "r@x.example", "role": "viewer"}, {"x-idempotency-key": "once"}

    first = (await client.post(INVITATIONS, json=body, headers=mark)).json()
    again = (await client.post(INVITATIONS, json=body, headers=mark)).json()

    assert first["secret"]
    assert again == {**first, "secret": None}


@pytest.mark.parametrize("role", ["owner", "", None])
async def test_a_role_that_is_none_is_malformed(client: httpx.AsyncClient, role: object) -> None:
    answer = await client.post(INVITATIONS, json={"email": "a@x.example", "role": role})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/role")
