"""Signing in to the portal, and what a browser's cookie may do."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from server.access.rate_limit import RateLimit
from server.access.service import FirstRun
from server.access.sessions import COOKIE, session_cookie
from server.access.sign_in import SignedIn
from server.errors import RateLimited
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of

Header = dict[str, str]


@pytest.fixture
async def signed_in(parts: Parts, first: FirstRun) -> SignedIn:
    """Give the administrator's session."""
    session = await parts.room.sign_in.begin(first.admin_email, first.admin_password, parts.clock())
    assert isinstance(session, SignedIn)
    return session


@pytest.fixture
async def browser(app: Litestar, signed_in: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that sends the session's cookie, as browsers do, among others."""
    async with client_of(app) as client:
        client.headers["cookie"] = f'odd="a b; {COOKIE}={signed_in.token}; theme=dark'
        yield client


async def test_the_address_is_taken_in_any_case(parts: Parts, first: FirstRun) -> None:
    session = await parts.room.sign_in.begin(
        " ADMIN@example.COM ", first.admin_password, parts.clock()
    )

    assert session is not None


@pytest.mark.parametrize(
    ("email", "password"), [("admin@example.com", "wrong"), ("nobody@example.com", "wrong")]
)
async def test_a_wrong_password_and_an_unknown_user_look_alike(
    parts: Parts, first: FirstRun, email: str, password: str
) -> None:
    assert await parts.room.sign_in.begin(email, password, parts.clock()) is None


async def test_guessing_passwords_is_slowed_down(parts: Parts) -> None:
    for _ in range(10):
        parts.room.proof.tries.take("admin@example.com")

    with pytest.raises(RateLimited):
        await parts.room.sign_in.begin("Admin@example.com", "guess", parts.clock())


@pytest.mark.parametrize("email", ["admin@example.com", "nobody@example.com"])
async def test_ten_wrong_passwords_lock_an_address_for_half_an_hour(
    parts: Parts, first: FirstRun, clock: HandClock, email: str
) -> None:
    # Guesses of one moment, as from many processes: the brake of one process does not see them.
    parts.room.proof.tries = RateLimit(per_second=1000, burst=1000)
    await asyncio.gather(*(parts.room.sign_in.begin(email, "guess", clock()) for _ in range(10)))

    with pytest.raises(RateLimited) as locked:
        await parts.room.sign_in.begin(email, first.admin_password, clock())
    clock.advance(timedelta(minutes=30, seconds=1))
    after = await parts.room.sign_in.begin(email, first.admin_password, clock())

    assert locked.value.headers["Retry-After"] == "1800"
    assert (after is not None) is (email == first.admin_email)


async def test_the_right_password_forgets_the_wrong_ones(
    parts: Parts, first: FirstRun, clock: HandClock
) -> None:
    parts.room.proof.tries = RateLimit(per_second=1000, burst=1000)
    for _ in range(2):
        for _ in range(9):
            await parts.room.sign_in.begin(first.admin_email, "guess", clock())

        assert await parts.room.sign_in.begin(first.admin_email, first.admin_password, clock())


async def test_a_session_reads_with_its_cookie(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/analytics/files")).status_code == 200


async def test_a_changing_request_needs_the_sessions_token(
    browser: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    without = await browser.post(UPLOAD, json=GOOD_UPLOAD)
    wrong = await browser.post(UPLOAD, json=GOOD_UPLOAD, headers={"x-csrf-token": "guess"})
    right = await browser.post(
        UPLOAD, json=GOOD_UPLOAD, headers={"x-csrf-token": signed_in.csrf_token}
    )

    assert [answer.status_code for answer in (without, wrong, right)] == [403, 403, 201]


async def test_a_form_may_carry_the_token_in_a_field(
    browser: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    without = await browser.post("/nothing", data={"a": "b"})
    wrong = await browser.post("/nothing", data={"csrf_token": "guess"})
    right = await browser.post("/nothing", data={"csrf_token": signed_in.csrf_token})

    assert [answer.status_code for answer in (without, wrong, right)] == [403, 403, 404]


async def test_a_bad_key_is_not_made_up_for_by_a_cookie(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/analytics/files", headers={"authorization": "Bearer nonsense"})

    assert answer.status_code == 401


async def test_signing_out_ends_the_session_at_once(
    browser: httpx.AsyncClient, parts: Parts, signed_in: SignedIn
) -> None:
    before = await browser.get("/analytics/files")
    await parts.room.sign_in.end(signed_in.token, parts.clock())
    await parts.room.sign_in.end(signed_in.token, parts.clock())
    after = await browser.get("/analytics/files")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_session_left_alone_ends(
    parts: Parts, signed_in: SignedIn, clock: HandClock
) -> None:
    clock.advance(timedelta(hours=2, minutes=1))

    assert await parts.room.directory.principal_of_session(signed_in.token) is None


@pytest.mark.parametrize("header", [{"x-unattended": "1"}, {"accept": "text/event-stream"}])
async def test_a_page_left_open_keeps_nobody_signed_in(
    browser: httpx.AsyncClient, parts: Parts, signed_in: SignedIn, clock: HandClock, header: Header
) -> None:
    asked = []
    for _ in range(5):
        parts.room.directory.forget_session(signed_in.token)
        asked.append((await browser.get("/analytics/files", headers=header)).status_code)
        clock.advance(timedelta(minutes=30))

    assert asked == [200, 200, 200, 200, 200]
    clock.advance(timedelta(minutes=1))
    parts.room.directory.forget_session(signed_in.token)
    assert (await browser.get("/analytics/files")).status_code == 401


async def test_a_click_just_after_the_page_has_asked_counts(
    browser: httpx.AsyncClient, parts: Parts, signed_in: SignedIn, clock: HandClock
) -> None:
    clock.advance(timedelta(minutes=100))
    unattended = await browser.get("/analytics/files", headers={"x-unattended": "1"})
    # The session is still remembered from the page's question.
    clicked = await browser.get("/analytics/files")
    clock.advance(timedelta(minutes=100))
    parts.room.directory.forget_session(signed_in.token)
    later = await browser.get("/analytics/files")

    assert [it.status_code for it in (unattended, clicked, later)] == [200, 200, 200]


async def test_a_session_in_use_lasts_to_its_absolute_end(
    parts: Parts, signed_in: SignedIn, clock: HandClock
) -> None:
    lasted = []
    for _ in range(12):
        parts.room.directory.forget_session(signed_in.token)
        lasted.append(await parts.room.directory.principal_of_session(signed_in.token) is not None)
        clock.advance(timedelta(hours=1))

    assert all(lasted)
    assert await parts.room.directory.principal_of_session(signed_in.token) is None


async def test_the_principal_of_a_session_is_the_user(parts: Parts, signed_in: SignedIn) -> None:
    session = await parts.room.directory.principal_of_session(signed_in.token)

    assert session is not None
    assert session.principal.name == "user:admin@example.com"
    assert session.csrf_token == signed_in.csrf_token


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(clock: HandClock) -> None:
    signed_in = SignedIn("token", "csrf", clock() + timedelta(hours=12))

    header = session_cookie(signed_in, clock(), is_secure=True).to_header(header="")

    assert header.startswith("tallydock_session=token; ")
    assert {"HttpOnly", "SameSite=lax", "Secure", "Path=/", "Max-Age=43200"} <= set(
        header.split("; ")
    )
