"""API keys over HTTP: made once, used, limited, revoked."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from sqlmodel import select

from server.access.models import ApiKey, Workspace
from server.access.principal import operator_of
from server.access.scopes import ALL_SCOPES
from server.access.service import FirstRun
from server.app import create_app
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of

KEYS = "/analytics/keys"


async def make(client: httpx.AsyncClient, *scopes: str, **more: str) -> dict[str, str]:
    """Make a key through the API."""
    answer = await client.post(KEYS, json={"name": "shop", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def test_the_first_key_carries_all_scopes(client: httpx.AsyncClient) -> None:
    (key,) = (await client.get(KEYS)).json()["results"]

    assert set(key["scopes"]) == {str(scope) for scope in ALL_SCOPES}


async def test_the_text_of_a_key_is_shown_once_and_stored_nowhere(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    made = await make(client, "files:read")
    listed = (await client.get(KEYS)).text

    async with parts.units.begin() as unit:
        rows = (await unit.session.exec(select(ApiKey))).all()
    secret = made["apiKey"].split("_")[2]
    assert secret not in listed
    assert all(secret not in str(row.model_dump()) for row in rows)


async def test_a_key_does_what_its_scopes_say_and_no_more(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    made = await make(client, "files:read")

    async with client_of(app, key=made["apiKey"]) as limited:
        read = await limited.get("/analytics/files")
        write = await limited.post(UPLOAD, json=GOOD_UPLOAD)
        keys = await limited.get(KEYS)

    assert (read.status_code, write.status_code, keys.status_code) == (200, 403, 403)
    assert write.json()["code"] == "forbidden"
    assert "files:write" in write.json()["detail"]


async def test_a_key_cannot_hand_on_scopes_it_has_not(
    app: Litestar, client: httpx.AsyncClient
) -> None:
    made = await make(client, "admin")

    async with client_of(app, key=made["apiKey"]) as limited:
        answer = await limited.post(KEYS, json={"name": "more", "scopes": ["files:write"]})

    assert answer.status_code == 403


async def test_a_revoked_key_stops_at_once(app: Litestar, client: httpx.AsyncClient) -> None:
    made = await make(client, "files:read")
    async with client_of(app, key=made["apiKey"]) as used:
        before = await used.get("/analytics/files")

        revoked = await client.delete(f"{KEYS}/{made['id']}")
        again = await client.delete(f"{KEYS}/{made['id']}")
        after = await used.get("/analytics/files")

    assert (before.status_code, after.status_code) == (200, 401)
    assert (revoked.status_code, again.status_code) == (204, 204)


async def test_a_key_revoked_by_another_process_stops_within_seconds(
    parts: Parts, app: Litestar, client: httpx.AsyncClient
) -> None:
    made = await make(client, "files:read")
    async with client_of(app, key=made["apiKey"]) as used:
        before = await used.get("/analytics/files")
        async with parts.units.begin() as unit:
            rows = await unit.session.exec(select(ApiKey).where(ApiKey.name == "shop"))
            rows.one().revoked_at = parts.clock()
        await asyncio.sleep(3.2)
        after = await used.get("/analytics/files")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_an_expired_key_is_refused_even_while_remembered(
    app: Litestar, client: httpx.AsyncClient, clock: HandClock
) -> None:
    made = await make(client, "files:read", expiresAt="2026-01-01T10:30:00Z")
    async with client_of(app, key=made["apiKey"]) as used:
        before = await used.get("/analytics/files")
        clock.advance(timedelta(minutes=30))
        after = await used.get("/analytics/files")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_key_of_the_past_is_malformed(client: httpx.AsyncClient) -> None:
    body = {"name": "late", "scopes": ["files:read"], "expiresAt": "2025-01-01T00:00:00Z"}

    problem = (await client.post(KEYS, json=body)).json()

    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("/expiresAt", "past")
    ]


async def test_a_key_of_another_workspace_is_not_found_and_stays(
    client: httpx.AsyncClient, parts: Parts, clock: HandClock
) -> None:
    async with parts.units.begin() as unit:
        unit.session.add(Workspace(workspace_id="other", name="other", created_at=clock()))
    by = operator_of("other")
    foreign = await parts.access.create_key(by, name="theirs", scopes=ALL_SCOPES)

    answer = await client.delete(f"{KEYS}/{foreign.row.key_id}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert await parts.room.directory.principal_of_key(foreign.text) is not None
    assert "theirs" not in (await client.get(KEYS)).text


async def test_last_use_is_written_at_most_once_a_minute(
    client: httpx.AsyncClient, parts: Parts, clock: HandClock
) -> None:
    async def last_used() -> str:
        parts.room.directory.forget_keys()
        (key,) = (await client.get(KEYS)).json()["results"]
        return str(key["lastUsedAt"])

    first_use = await last_used()
    clock.advance(timedelta(seconds=59))
    within = await last_used()
    clock.advance(timedelta(seconds=2))
    later = await last_used()

    assert first_use == within == "2026-01-01T10:00:00.000Z"
    assert later == "2026-01-01T10:01:01.000Z"


async def test_the_list_comes_in_pages_newest_first(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await make(client, "files:read")

    one = (await client.get(f"{KEYS}?page[size]=3")).json()
    two = (await client.get(one["links"]["next"])).json()

    assert [key["name"] for key in one["results"]] == ["shop", "shop", "shop"]
    assert [key["name"] for key in two["results"]] == ["first-run"]
    assert two["links"]["next"] is None


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic abc", "Bearer tdk_x_y_z", "Bearer \xff", "x"]
)
async def test_what_is_no_key_is_refused(stranger: httpx.AsyncClient, authorization: str) -> None:
    headers = {b"authorization": authorization.encode("latin-1")}

    answer = await stranger.get("/analytics/files", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_double_slashes_do_not_get_past_the_door(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("http://tallydock//analytics//files")

    assert answer.status_code == 401


async def test_over_the_limit_a_key_is_told_when_to_come_back(
    parts: Parts, first: FirstRun
) -> None:
    slow = parts.settings.model_copy(update={"requests_per_second": 2})
    app = create_app(replace(parts, settings=slow))
    async with client_of(app, key=first.api_key) as client:
        answers = [await client.get("/analytics/datasetless") for _ in range(5)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "rate-limited"
    assert int(refused[0].headers["retry-after"]) >= 1
