"""Two servers behind a balancer without sticky sessions: both give the same answer."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest_asyncio

from server.access.service import FirstRun
from server.access.sessions import COOKIE
from server.access.sign_in import SignedIn
from server.app import create_app
from server.parts import Parts
from tests.fixtures.database import HandClock, RecordingQueue
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of, make_parts, make_settings


@dataclass(frozen=True)
class Pair:
    """Two servers on one database, and a client of the first key at each."""

    parts: tuple[Parts, Parts]
    one: httpx.AsyncClient
    other: httpx.AsyncClient
    first: FirstRun


@pytest_asyncio.fixture
async def pair(
    tmp_path: Path, postgres_url: str, queue: RecordingQueue, clock: HandClock
) -> AsyncIterator[Pair]:
    """Give two servers that share nothing in memory."""
    settings = make_settings(tmp_path, database_url=postgres_url)
    both = (await make_parts(settings, queue, clock), await make_parts(settings, queue, clock))
    async with both[0].units.begin() as unit:
        first = await both[0].access.set_up(unit, workspace="main", admin_email="a@example.com")
    assert first is not None
    async with AsyncExitStack() as stack:
        for parts in both:
            stack.push_async_callback(parts.close)
        one, other = [
            await stack.enter_async_context(client_of(create_app(parts), key=first.api_key))
            for parts in both
        ]
        yield Pair(both, one, other, first)


async def test_a_file_asked_for_at_one_is_known_at_the_other(pair: Pair) -> None:
    asked = (await pair.one.post(UPLOAD, json=GOOD_UPLOAD)).json()
    here = f"/analytics/files/{asked['id']}"

    seen = (await pair.other.get(here)).json()
    cancelled = await pair.other.post(f"{here}/cancel")
    after = (await pair.one.get(here)).json()

    assert (seen["status"], seen["createdAt"]) == ("Pending", asked["createdAt"])
    assert cancelled.status_code == 202
    assert (after["status"], after["outcome"]) == ("Failed", "cancelled")


async def test_a_request_that_is_repeated_at_the_other_does_nothing_twice(pair: Pair) -> None:
    headers = {"x-idempotency-key": "the same"}

    answers = [
        await client.post(UPLOAD, json=GOOD_UPLOAD, headers=headers)
        for client in (pair.one, pair.other, pair.one)
    ]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("x-idempotency-replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    listed = (await pair.other.get("/analytics/files")).json()["results"]
    assert len(listed) == 1


async def test_who_signed_in_at_one_is_signed_in_at_the_other(pair: Pair) -> None:
    first = pair.first
    here, there = pair.parts
    session = await here.room.sign_in.begin(first.admin_email, first.admin_password, here.clock())
    assert isinstance(session, SignedIn)

    async with client_of(create_app(there)) as browser:
        browser.headers["cookie"] = f"{COOKIE}={session.token}"
        answer = await browser.get("/analytics/files")

    assert answer.status_code == 200
