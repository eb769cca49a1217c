"""Coming in by a link, the settings, and what each role gets to see, over HTTP."""

import base64
import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from server.access import totp
from server.access.principal import Principal
from server.access.rate_limit import RateLimit
from server.access.roles import Role
from server.access.service import FirstRun
from server.access.sessions import COOKIE
from server.parts import Parts
from server.portal.people_page import having_one
from tests.fixtures.database import HandClock
from tests.fixtures.http import client_of
from tests.fixtures.people import PASSWORD, join, sign_in
from tests.portal.application import make_portal_app
from tests.portal.builders import CannedInsights

SETTINGS = ("/settings/people", "/settings/audit", "/settings/profile")


@pytest.fixture
def portal(parts: Parts) -> Litestar:
    """Give the pages."""
    return make_portal_app(parts, CannedInsights())


async def browser_of(parts: Parts, portal: Litestar, email: str) -> httpx.AsyncClient:
    """Return the browser of somebody who is signed in, its forms carrying the token."""
    signed_in = await sign_in(parts, email)
    client = client_of(portal)
    client.cookies.set(COOKIE, signed_in.token)
    client.headers["x-csrf-token"] = signed_in.csrf_token
    return client


async def form_token(client: httpx.AsyncClient, path: str) -> str:
    """Open a page; return the token that its form sends back."""
    found = re.search(r'name="token" value="([^"]+)"', (await client.get(path)).text)
    assert found is not None
    return found[1]


async def test_an_invited_person_joins_and_is_in(
    parts: Parts, admin: Principal, stranger_at_portal: httpx.AsyncClient
) -> None:
    made = await parts.room.invitations.invite(admin, "new@x.example", Role.VIEWER)
    path = f"/sign-in/join?token={made.token}"
    token = await form_token(stranger_at_portal, path)
    form = {"link": made.token, "token": token, "name": "", "password": PASSWORD}

    nameless = await stranger_at_portal.post("/sign-in/join", data=form)
    short = {**form, "name": "N", "password": "x"}
    weak = await stranger_at_portal.post("/sign-in/join", data=short)
    forged = await stranger_at_portal.post(
        "/sign-in/join", data={**form, "name": "N", "token": "guess"}
    )
    joined = await stranger_at_portal.post("/sign-in/join", data={**form, "name": "Nora"})
    files = await stranger_at_portal.get("/files")
    gone = await stranger_at_portal.get(path)

    assert "A name is needed" in nameless.text
    assert "at least 12 characters" in weak.text
    assert "open too long" in forged.text
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert "Nora" in files.text
    assert (gone.status_code, "not good any more" in gone.text) == (404, True)


async def test_a_password_link_sets_a_password_and_leads_to_the_sign_in(
    parts: Parts, admin: Principal, stranger_at_portal: httpx.AsyncClient
) -> None:
    link = await parts.room.credentials.make_link(admin, UUID(admin.key_id))
    token = await form_token(stranger_at_portal, f"/sign-in/password?token={link.token}")
    form = {"link": link.token, "token": token, "password": PASSWORD}

    weak = await stranger_at_portal.post("/sign-in/password", data={**form, "password": "short"})
    done = await stranger_at_portal.post("/sign-in/password", data=form)
    again = await stranger_at_portal.post("/sign-in/password", data=form)

    assert "at least 12 characters" in weak.text
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert again.status_code == 404
    await sign_in(parts, "admin@example.com", PASSWORD)


async def test_a_second_factor_is_set_up_asked_for_and_turned_off(
    parts: Parts,
    first: FirstRun,
    reader: httpx.AsyncClient,
    session: dict[str, str],
    portal: Litestar,
) -> None:
    reader.headers["x-csrf-token"] = session["csrf"]
    path = "/settings/profile/second-factor"
    offered = (await reader.get(path)).text
    found = re.search(r"secret=([A-Z2-7]+)&", offered)
    assert found is not None
    secret = base64.b32decode(found[1])
    code = totp.code_at(secret, totp.step_of(parts.clock()))

    wrong = await reader.post(path, data={"code": "000000"})
    on = await reader.post(path, data={"code": code})

    assert "This code is not right" in wrong.text
    codes = re.findall(r"\b[a-z0-9]{4}(?:-[a-z0-9]{4}){3}\b", on.text)
    assert len(codes) == 10
    async with client_of(portal) as other:
        token = await form_token(other, "/sign-in")
        form = {"email": first.admin_email, "password": first.admin_password, "token": token}
        asked = await other.post("/sign-in", data={**form, "following": "/files"})
        assert asked.headers["location"] == "/sign-in/code?following=/files"
        assert COOKIE not in other.cookies
        answer = {"code": "000000", "token": token, "following": "/files"}
        refused = await other.post("/sign-in/code", data=answer)
        let_in = await other.post("/sign-in/code", data={**answer, "code": codes[0]})
        assert "not right, or was used before" in refused.text
        assert let_in.headers["location"] == "/files"
        assert (await other.get("/files")).status_code == 200
    kept = await reader.post(f"{path}/remove", data={"password": "a wrong guess"})
    off = await reader.post(f"{path}/remove", data={"password": first.admin_password})
    assert "This is not your password" in kept.text
    assert off.status_code == 303


async def test_a_code_without_a_password_leads_back_to_the_sign_in(
    stranger_at_portal: httpx.AsyncClient,
) -> None:
    shown = await stranger_at_portal.get("/sign-in/code")
    token = await form_token(stranger_at_portal, "/sign-in")
    sent = await stranger_at_portal.post("/sign-in/code", data={"code": "123456", "token": token})

    assert shown.headers["location"] == "/sign-in"
    assert sent.headers["location"] == "/sign-in?late=1"


async def test_where_everybody_needs_a_second_factor_nothing_else_opens(
    parts: Parts, admin: Principal, portal: Litestar
) -> None:
    await join(parts, admin, "v@x.example", Role.VIEWER)
    async with parts.units.begin() as unit:
        workspace = await parts.room.people.workspace(admin.workspace_id)
        workspace.requires_totp = True
        await unit.session.merge(workspace)

    async with await browser_of(parts, portal, "v@x.example") as viewer:
        files = await viewer.get("/files")
        setup = await viewer.get(files.headers["location"])

    assert files.headers["location"] == "/settings/profile/second-factor"
    assert "asks everybody for one" in setup.text


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        (Role.ADMIN, SETTINGS),
        (Role.AUDITOR, SETTINGS[1:]),
        (Role.VIEWER, SETTINGS[2:]),
        (Role.EDITOR, SETTINGS[2:]),
        (Role.APPROVER, SETTINGS[2:]),
    ],
)
async def test_each_role_opens_its_own_settings(
    parts: Parts, admin: Principal, portal: Litestar, role: Role, opens: tuple[str, ...]
) -> None:
    await join(parts, admin, "p@x.example", role)

    async with await browser_of(parts, portal, "p@x.example") as person:
        answers = {path: await person.get(path) for path in SETTINGS}
        keys = await person.get("/settings")

    assert {path for path, it in answers.items() if it.status_code == 200} == set(opens)
    refused = [it.text for it in answers.values() if it.status_code == 403]
    assert len(refused) == len(SETTINGS) - len(opens)
    assert all("Who can change that: admin@example.com" in text for text in refused)
    assert all(path in answers[opens[0]].text for path in opens)
    assert keys.headers.get("location") == (None if role is Role.ADMIN else opens[0])


async def test_who_only_reads_is_shown_no_place_to_send(
    parts: Parts, admin: Principal, portal: Litestar, reader: httpx.AsyncClient
) -> None:
    await join(parts, admin, "v@x.example", Role.VIEWER)

    async with await browser_of(parts, portal, "v@x.example") as viewer:
        shown = (await viewer.get("/files")).text

    assert ("Choose files" in shown, 'id="drop"' in shown) == (False, False)
    assert "Choose files" in (await reader.get("/files")).text


async def test_the_side_bar_leads_to_ones_other_workspaces(
    parts: Parts, admin: Principal, portal: Litestar
) -> None:
    await join(parts, admin, "e@x.example", Role.EDITOR)
    other = await parts.access.make_workspace("Southwind")
    made = await parts.room.invitations.invite(other, "e@x.example", Role.VIEWER)
    await parts.room.invitations.join(made.token, name="", password=PASSWORD)

    async with await browser_of(parts, portal, "e@x.example") as person:
        before = (await person.get("/files")).text
        moved = await person.post("/workspace", data={"workspace": other.workspace_id})
        strange = await person.post("/workspace", data={"workspace": "none"})
        after = (await person.get("/files")).text

    assert "<strong>main</strong>" in before
    assert (moved.status_code, moved.headers["location"]) == (303, "/")
    assert strange.status_code == 404
    assert "<strong>Southwind</strong>" in after
    assert ("Choose files" in before, "Choose files" in after) == (True, False)


async def test_name_and_password_are_ones_own_to_change(
    parts: Parts, first: FirstRun, reader: httpx.AsyncClient, session: dict[str, str]
) -> None:
    reader.headers["x-csrf-token"] = session["csrf"]
    path = "/settings/profile"

    empty = await reader.post(f"{path}/name", data={"name": "  "})
    named = await reader.post(f"{path}/name", data={"name": " Nadia   Keller "})
    form = {"current": first.admin_password, "new": PASSWORD}
    wrong = await reader.post(f"{path}/password", data={**form, "current": "a wrong guess"})
    right = await reader.post(f"{path}/password", data=form)

    assert "A name is needed" in empty.text
    assert named.status_code == 303
    assert "not your present password" in wrong.text
    assert "The password is changed" in right.text
    assert "Nadia Keller" in (await reader.get(path)).text


async def test_the_trail_reads_in_words_and_goes_on(
    parts: Parts, admin: Principal, reader: httpx.AsyncClient
) -> None:
    for number in range(51):
        await parts.room.people.rename_workspace(admin, f"Name {number}")

    page = (await reader.get("/settings/audit")).text
    older = re.search(r'href="(/settings/audit\?after=[^"]+)"', page)
    assert older is not None
    rest = (await reader.get(older[1])).text
    none = (await reader.get("/settings/audit?what=file&days=1&who=nobody")).text

    assert page.count("Renamed the workspace") == 50
    assert "Name 49 → Name 50" in page
    assert "main → Name 0" in rest
    assert "Nothing matches" in none


async def test_of_the_brake_and_the_lock_the_longer_wait_is_told(
    parts: Parts,
    clock: HandClock,
    first: FirstRun,
    stranger_at_portal: httpx.AsyncClient,
    reader: httpx.AsyncClient,
) -> None:
    token = await form_token(stranger_at_portal, "/sign-in")
    form = {"email": first.admin_email, "password": "a wrong guess", "token": token}
    # Not emptied by the reader's own sign-in, and filled up by no slow machine.
    parts.room.proof.tries = RateLimit(per_second=0.05, burst=10, timer=lambda: 0.0)

    said = [(await stranger_at_portal.post("/sign-in", data=form)).text for _ in range(11)]
    people = (await reader.get("/settings/people")).text
    clock.advance(timedelta(minutes=20))
    await reader.get("/settings/people")  # So that the session is not left alone for too long.
    clock.advance(timedelta(minutes=11))
    later = (await reader.get("/settings/people")).text

    assert all("do not fit together" in text for text in said[:10])
    assert all("Wait 30 minutes" in text for text in said[10:])
    assert all("password link" in text for text in said[10:])
    assert ("Locked until" in people, "lifts the lock." in people) == (True, True)
    assert ("Locked until" in later, "May sign in" in later) == (False, True)


async def test_who_is_locked_comes_in_by_a_password_link(
    parts: Parts, admin: Principal, first: FirstRun, stranger_at_portal: httpx.AsyncClient
) -> None:
    for _ in range(10):
        await parts.room.sign_in.begin(first.admin_email, "a wrong guess", parts.clock())
    link = await parts.room.credentials.make_link(admin, UUID(admin.key_id))

    await parts.room.credentials.reset(link.token, PASSWORD)

    (person,) = await parts.room.people.page(admin.workspace_id, after=None, limit=1)
    assert person.locked_until is None


async def test_a_session_that_ended_is_told_so_and_one_that_never_was_is_not(
    reader: httpx.AsyncClient, stranger_at_portal: httpx.AsyncClient
) -> None:
    reader.cookies.set(COOKIE, "ended-long-ago")

    ended = await reader.get("/files?q=a")
    shown = (await reader.get(ended.headers["location"])).text
    stranger = await stranger_at_portal.get("/files")

    assert ended.headers["location"] == "/sign-in?ended=1&following=/files%3Fq%3Da"
    assert "Your session has ended" in shown
    assert stranger.headers["location"] == "/sign-in?following=/files"
    assert "has ended" not in (await stranger_at_portal.get("/sign-in")).text


@pytest.mark.parametrize(
    ("having", "of", "words"),
    [
        (0, 1, "The only person here has none."),
        (1, 1, "The only person here has one."),
        (0, 3, "None of the 3 people here has one."),
        (1, 3, "1 of 3 people here has one."),
        (2, 3, "2 of 3 people here have one."),
        (3, 3, "All 3 people here have one."),
    ],
)
def test_how_many_have_a_second_factor_is_said_in_a_sentence(
    having: int, of: int, words: str
) -> None:
    assert having_one(having, of) == words
