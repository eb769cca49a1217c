"""`x-idempotency-key`: the first answer again, once and for all, on both kinds of database."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from sqlmodel import select

from server.access.models import IdempotentAnswer
from server.access.principal import operator_of
from server.access.scopes import ALL_SCOPES
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of

CountFiles = Callable[[], Awaitable[int]]


@pytest.fixture
def parts(each_parts: Parts) -> Parts:
    """Give the parts over each kind of database."""
    return each_parts


async def test_the_first_answer_comes_again_byte_for_byte(
    count_files: CountFiles, client: httpx.AsyncClient, parts: Parts, clock: HandClock
) -> None:
    mark = {"x-idempotency-key": "order 17"}
    one = await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)
    clock.advance(timedelta(minutes=10))

    two = await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)

    assert (one.status_code, two.status_code) == (201, 201)
    assert two.content == one.content
    assert "x-idempotency-replayed" not in one.headers
    assert two.headers["x-idempotency-replayed"] == "true"
    assert two.headers["content-type"] == one.headers["content-type"]
    assert two.headers["x-request-id"] != one.headers["x-request-id"]
    assert await count_files() == 1


async def test_the_signed_url_is_not_stored(client: httpx.AsyncClient, parts: Parts) -> None:
    await client.post(UPLOAD, json=GOOD_UPLOAD, headers={"x-idempotency-key": "a"})

    async with parts.units.begin() as unit:
        kept = (await unit.session.exec(select(IdempotentAnswer))).one()
    assert b"Signature" not in kept.body
    assert b'"uploadUrl":null' in kept.body


async def test_a_secret_shown_once_is_not_stored_and_not_shown_again(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    mark = {"x-idempotency-key": "a"}
    body = {"name": "shop", "scopes": ["files:read"]}
    one = (await client.post("/analytics/keys", json=body, headers=mark)).json()
    two = (await client.post("/analytics/keys", json=body, headers=mark)).json()

    async with parts.units.begin() as unit:
        kept = (await unit.session.exec(select(IdempotentAnswer))).one()
    assert one["apiKey"].encode() not in kept.body
    assert two == {**one, "apiKey": None}


async def test_bodies_are_compared_as_json(
    count_files: CountFiles, client: httpx.AsyncClient, parts: Parts
) -> None:
    headers = {"x-idempotency-key": "a", "content-type": "application/json"}
    one = await client.post(
        UPLOAD,
        content=b'{"datasetType":"transactions","file":{"name":"a","type":"csv","sizeBytes":10}}',
        headers=headers,
    )

    two = await client.post(
        UPLOAD,
        content=b'{ "file": {"type":"csv", "sizeBytes":1e1, "name":"\\u0061"},\n'
        b'"datasetType":"transactions"}',
        headers=headers,
    )

    assert two.content == one.content
    assert await count_files() == 1


async def test_another_body_is_a_conflict(
    count_files: CountFiles, client: httpx.AsyncClient, parts: Parts
) -> None:
    mark = {"x-idempotency-key": "a"}
    await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)

    answer = await client.post(UPLOAD, json={**GOOD_UPLOAD, "metadata": {"a": "b"}}, headers=mark)

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-conflict")
    assert await count_files() == 1


async def test_a_refusal_is_not_kept(client: httpx.AsyncClient, parts: Parts) -> None:
    mark = {"x-idempotency-key": "a"}

    refused = await client.post(UPLOAD, json={**GOOD_UPLOAD, "datasetType": "no"}, headers=mark)
    accepted = await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)

    assert (refused.status_code, accepted.status_code) == (422, 201)


async def test_a_key_is_its_principals_and_its_paths_own(
    app: Litestar, client: httpx.AsyncClient, parts: Parts
) -> None:
    mark = {"x-idempotency-key": "a"}
    workspace_id = await parts.access.workspace_id()
    assert workspace_id is not None
    by = operator_of(workspace_id)
    other = await parts.access.create_key(by, name="other", scopes=ALL_SCOPES)
    one = (await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)).json()

    async with client_of(app, key=other.text) as second:
        two = (await second.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)).json()
    cancelled = await client.post(f"/analytics/files/{one['id']}/cancel", headers=mark)

    assert one["id"] != two["id"]
    assert cancelled.status_code == 202


async def test_an_answer_is_kept_for_a_day(
    count_files: CountFiles, client: httpx.AsyncClient, parts: Parts, clock: HandClock
) -> None:
    mark = {"x-idempotency-key": "a"}
    await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)
    clock.advance(timedelta(hours=24))

    after = await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)

    assert "x-idempotency-replayed" not in after.headers
    assert await count_files() == 2


async def test_a_key_of_only_spaces_is_malformed(client: httpx.AsyncClient) -> None:
    answer = await client.post(UPLOAD, json=GOOD_UPLOAD, headers={"x-idempotency-key": "  "})

    assert answer.json()["errors"][0]["pointer"] == "x-idempotency-key"
