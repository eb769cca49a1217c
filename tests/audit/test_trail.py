"""The audit trail: written with the change, never changed, read by who may, of one workspace."""

from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.access.principal import Principal
from server.access.rate_limit import RateLimit
from server.access.roles import Role
from server.access.service import FirstRun
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.db.engine import create_engine, create_sessions
from server.db.migrate import migrate
from server.parts import Parts
from server.schema import metadata
from server.unit_of_work import UnitsOfWork
from tests.fixtures.database import HandClock, RecordingQueue
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of
from tests.fixtures.people import PASSWORD, join, sign_in

AUDIT = "/analytics/audit"


async def actions(client: httpx.AsyncClient, **asked: str) -> list[str]:
    """Return the actions of the trail, oldest first."""
    answer = await client.get(AUDIT, params={f"filter[{name}]": it for name, it in asked.items()})
    assert answer.status_code == 200, answer.text
    return [line["action"] for line in reversed(answer.json()["results"])]


async def test_a_life_of_keys_people_and_files_is_told_in_order(
    client: httpx.AsyncClient, parts: Parts, admin: Principal
) -> None:
    key = (await client.post("/analytics/keys", json={"name": "shop", "scopes": ["admin"]})).json()
    await client.post(f"/analytics/keys/{key['id']}/rotate")
    for _ in range(2):
        await client.delete(f"/analytics/keys/{key['id']}")
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    for _ in range(2):
        await client.patch(f"/analytics/users/{user_id}", json={"role": "viewer"})
    await client.post(f"/analytics/users/{user_id}/password-link")
    await client.delete(f"/analytics/users/{user_id}")
    file = (await client.post(UPLOAD, json=GOOD_UPLOAD)).json()
    await client.post(f"/analytics/files/{file['id']}/cancel")

    assert await actions(client) == [
        "workspace.made",
        "key.created",
        "key.rotated",
        "key.revoked",
        "user.invited",
        "user.joined",
        "user.role-changed",
        "password.link-made",
        "user.removed",
        "file.cancelled",
    ]


async def test_a_line_says_who_what_whom_and_from_where(
    client: httpx.AsyncClient, parts: Parts, admin: Principal
) -> None:
    user_id = await join(parts, admin, "e@x.example", Role.EDITOR)
    await client.patch(
        f"/analytics/users/{user_id}", json={"role": "viewer"}, headers={"x-request-id": "abc"}
    )

    (line,) = (await client.get(AUDIT, params={"filter[action]": "user.role-changed"})).json()[
        "results"
    ]

    assert line["actor"] == "key:first-run"
    assert line["subject"] == {"kind": "user", "id": str(user_id), "name": "e@x.example"}
    assert line["detail"] == {"before": "editor", "after": "viewer"}
    assert (line["address"], line["requestId"]) == ("127.0.0.1", "abc")
    assert line["at"] == "2026-01-01T10:00:00.000Z"


async def test_signing_in_well_ill_and_too_often_is_told(
    client: httpx.AsyncClient, parts: Parts, admin: Principal, first: FirstRun
) -> None:
    parts.room.proof.tries = RateLimit(per_second=1000, burst=1000)
    begin = parts.room.sign_in.begin
    signed_in = await sign_in(parts, first.admin_email, first.admin_password)
    await parts.room.sign_in.end(signed_in.token, parts.clock())
    for _ in range(10):
        await begin(first.admin_email, "a wrong guess", parts.clock())
        await begin("nobody@x.example", "a wrong guess", parts.clock())

    assert await actions(client, action="session") == [
        "session.begun",
        "session.ended",
        *["session.refused"] * 9,
        "session.locked",
    ]


async def test_no_secret_stands_in_the_trail(
    client: httpx.AsyncClient, parts: Parts, admin: Principal, first: FirstRun
) -> None:
    made = await parts.room.invitations.invite(admin, "e@x.example", Role.EDITOR)
    await parts.room.invitations.join(made.token, name="E", password=PASSWORD)
    key = (await client.post("/analytics/keys", json={"name": "k", "scopes": ["admin"]})).json()
    signed_in = await sign_in(parts, "e@x.example")

    trail = (await client.get(AUDIT)).text

    secrets = (made.token, PASSWORD, key["apiKey"], signed_in.token, signed_in.csrf_token)
    assert [secret for secret in (*secrets, first.admin_password) if secret in trail] == []


async def test_a_change_that_is_taken_back_leaves_no_line(
    parts: Parts, admin: Principal, client: httpx.AsyncClient
) -> None:
    async def tell_and_fail() -> None:
        async with parts.units.begin() as unit:
            subject = Subject("key", "x", "x")
            await record(unit, Action.KEY_REVOKED, by=admin, to=subject, at=parts.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await tell_and_fail()

    assert await actions(client, action="key") == []


async def test_lines_are_found_by_who_what_and_when_page_by_page(
    client: httpx.AsyncClient, parts: Parts, admin: Principal, clock: HandClock
) -> None:
    for name in ("one", "two", "three"):
        body = {"name": name, "scopes": ["files:read"]}
        assert (await client.post("/analytics/keys", json=body)).status_code == 201
        clock.advance(timedelta(hours=1))
    await join(parts, admin, "e@x.example", Role.EDITOR)

    between = {"from": "2026-01-01T11:00:00Z", "to": "2026-01-01T12:00:00Z"}
    assert await actions(client, action="key", **between) == ["key.created"]
    assert await actions(client, actor=admin.name) == ["user.invited"]
    assert await actions(client, action="ke") == []
    page = (await client.get(AUDIT, params={"filter[action]": "key", "page[size]": 2})).json()
    rest = (await client.get(page["links"]["next"])).json()
    names = [line["subject"]["name"] for line in [*page["results"], *rest["results"]]]
    assert names == ["three", "two", "one"]
    assert rest["links"]["next"] is None


async def test_the_trail_is_for_who_may_read_it_and_of_one_workspace(
    app: Litestar, parts: Parts, admin: Principal, client: httpx.AsyncClient
) -> None:
    other = await parts.access.make_workspace("Other")
    await join(parts, other, "secret@other.example", Role.ADMIN)
    made = await client.post(
        "/analytics/keys", json={"name": "k", "scopes": ["admin", "files:read"]}
    )

    async with client_of(app, key=made.json()["apiKey"]) as without:
        refused = await without.get(AUDIT)

    assert (refused.status_code, refused.json()["neededScope"]) == (403, "audit:read")
    assert "other.example" not in (await client.get(AUDIT)).text


@pytest.mark.parametrize(
    "asked",
    ["filter[from]=yesterday", "page[after]=x", "page[size]=0", "filter[actor]=" + "x" * 121],
)
async def test_a_question_that_is_none_is_malformed(client: httpx.AsyncClient, asked: str) -> None:
    assert (await client.get(f"{AUDIT}?{asked}")).status_code == 400


@pytest.mark.parametrize(
    "change", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"]
)
async def test_the_database_itself_refuses_to_change_a_line(
    each_database_url: str, change: str
) -> None:
    engine = create_engine(each_database_url)
    await migrate(engine, metadata)
    units = UnitsOfWork(create_sessions(engine), RecordingQueue())
    by = Principal("w", "cli", frozenset(), "")
    async with units.begin() as unit:
        await record(unit, Action.KEY_CREATED, by=by, to=Subject("key", "x", "x"), at=HandClock()())

    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(change))
    await engine.dispose()
