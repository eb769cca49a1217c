"""Every refusal is a problem document, however early it happens."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar, get
from litestar.params import FromPath
from sqlalchemy import text
from structlog.testing import capture_logs

from server.access.service import FirstRun
from server.app import MAX_BODY_BYTES, create_app
from server.db.engine import create_engine
from server.errors import ObjectMissing, StorageUnavailable
from server.parts import Parts
from server.problems import answer_problem, pointer
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of
from tests.fixtures.postgres import PostgresServer, sqlalchemy_url

MEMBERS = {"type", "title", "status", "detail", "code", "requestId", "errors"}
JSON = {"content-type": "application/json"}

EARLY = [
    ("GET", "/nothing", b"", {}, 404, "not-found"),
    ("GET", "/analytics/nothing", b"", {}, 404, "not-found"),
    ("GET", "/schema/nothing", b"", {}, 404, "not-found"),
    ("GET", "/static/nothing.js", b"", {}, 404, "not-found"),
    ("GET", "/static/..%2f..%2fpyproject.toml", b"", {}, 404, "not-found"),
    ("DELETE", "/health/live", b"", {}, 405, "method-not-allowed"),
    ("PUT", "/analytics/files/upload", b"", {}, 405, "method-not-allowed"),
    ("BREW", "/analytics/files/upload", b"", {}, 405, "method-not-allowed"),
    ("POST", UPLOAD, b"", {}, 400, "malformed"),
    ("POST", UPLOAD, b"", JSON, 400, "malformed"),
    ("POST", UPLOAD, b"{", JSON, 400, "malformed"),
    ("POST", UPLOAD, b"\xff\xfe", JSON, 400, "malformed"),
    ("POST", UPLOAD, b"[]", JSON, 400, "malformed"),
    ("POST", UPLOAD, b"null", JSON, 400, "malformed"),
    ("POST", UPLOAD, b'"text"', JSON, 400, "malformed"),
    ("POST", UPLOAD, b"{}", JSON, 400, "malformed"),
    ("POST", UPLOAD, b"[" * 100_000, JSON, 400, "malformed"),
    ("POST", UPLOAD, b"a=1", {"content-type": "application/x-www-form-urlencoded"}, 415, None),
    ("POST", UPLOAD, b"<a/>", {"content-type": "text/xml"}, 415, "unsupported-media-type"),
    ("POST", UPLOAD, b" " * (MAX_BODY_BYTES + 1), JSON, 413, "too-large"),
    ("POST", UPLOAD, b"{}", {**JSON, "x-idempotency-key": ""}, 400, "malformed"),
    ("POST", UPLOAD, b"{}", {**JSON, "x-idempotency-key": "x" * 256}, 400, "malformed"),
    ("POST", UPLOAD, b" " * (MAX_BODY_BYTES + 1), {**JSON, "x-idempotency-key": "k"}, 413, None),
    ("GET", "/analytics/files", b"", {"host": "no host"}, 400, "malformed"),
    ("GET", "/analytics/keys?page[size]=many", b"", {}, 400, "malformed"),
    ("GET", "/analytics/keys?page[size]=101", b"", {}, 400, "malformed"),
    ("DELETE", "/analytics/keys/nothing", b"", {}, 404, "not-found"),
    ("GET", "/metrics", b"", {"x-forwarded-for": "127.0.0.1"}, 401, "unauthenticated"),
]


@get("/analytics/test/{fault:str}")
async def raise_fault(fault: FromPath[str]) -> None:
    """Raise what the path says."""
    faults: dict[str, Exception] = {
        "bug": KeyError("4111111111111111"),
        "storage": StorageUnavailable("secret address"),
        "missing": ObjectMissing("secret key"),
    }
    raise faults[fault]


@pytest.fixture
async def breaking(parts: Parts, first: FirstRun) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application with a route that raises."""
    app = create_app(parts, handlers=[raise_fault])
    async with client_of(app, key=first.api_key) as client:
        yield client


@pytest.mark.parametrize(("method", "path", "body", "headers", "status", "code"), EARLY)
async def test_every_early_failure_is_a_problem_document(
    *,
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str | None,
) -> None:
    answer = await client.request(method, path, content=body, headers=headers)

    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), problem
    assert code in (None, problem["code"])
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == MEMBERS
    assert problem["type"] == f"urn:tallydock:error:{problem['code']}"
    assert problem["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/analytics", "/analytics/", "/analytics/files", "/analytics/x"])
async def test_everything_under_analytics_needs_a_key(
    stranger: httpx.AsyncClient, path: str
) -> None:
    answer = await stranger.get(path)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == MEMBERS


async def test_a_wrong_method_names_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.put("/health/live")

    assert set(answer.headers["allow"].split(", ")) == {"GET", "OPTIONS"}


async def test_every_fault_of_a_body_is_named_with_its_place(client: httpx.AsyncClient) -> None:
    body = {"datasetType": 3, "file": {"name": "", "type": "csv", "a/b~c": 1}, "colour": "red"}

    problem = (await client.post(UPLOAD, json=body)).json()

    places = {(fault["pointer"], fault["code"]) for fault in problem["errors"]}
    assert places == {
        ("/datasetType", "string-type"),
        ("/file/name", "string-too-short"),
        ("/file/a~1b~0c", "unknown-field"),
        ("/colour", "unknown-field"),
    }


async def test_a_missing_member_is_required(client: httpx.AsyncClient) -> None:
    problem = (await client.post(UPLOAD, json={})).json()

    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("/datasetType", "required"),
        ("/file", "required"),
    ]


async def test_an_array_is_told_that_an_object_is_expected(client: httpx.AsyncClient) -> None:
    problem = (await client.post(UPLOAD, json=[])).json()

    assert problem["errors"] == [
        {"pointer": "", "code": "object-expected", "detail": "Input should be an object"}
    ]


async def test_extras_stand_beside_the_members(client: httpx.AsyncClient) -> None:
    problem = (await client.post(UPLOAD, json={**GOOD_UPLOAD, "datasetType": "nope"})).json()

    assert problem["code"] == "unknown-dataset"
    assert "transactions" in problem["known"]


async def test_a_bug_is_logged_once_and_answered_without_a_word_about_it(
    breaking: httpx.AsyncClient,
) -> None:
    with capture_logs() as lines:
        answer = await breaking.get("/analytics/test/bug")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "4111" not in answer.text
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["request.failed"]


async def test_a_store_that_is_away_is_a_503_with_retry_after(breaking: httpx.AsyncClient) -> None:
    answer = await breaking.get("/analytics/test/storage")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "secret" not in answer.text


async def test_an_outside_refusal_that_stays_is_our_fault(breaking: httpx.AsyncClient) -> None:
    answer = await breaking.get("/analytics/test/missing")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text


async def test_a_postgresql_that_went_away_is_a_503_and_comes_back(
    own_postgres: PostgresServer,
) -> None:
    engine = create_engine(sqlalchemy_url(own_postgres.url, "postgres"))

    @get("/ask")
    async def ask() -> dict[str, str]:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return {}

    app = Litestar([ask], exception_handlers={Exception: answer_problem}, logging_config=None)
    async with client_of(app) as client:
        up = await client.get("/ask")
        await asyncio.to_thread(own_postgres.stop)
        down = await client.get("/ask")
        await asyncio.to_thread(own_postgres.start)
        again = await client.get("/ask")
    await engine.dispose()

    assert [up.status_code, down.status_code, again.status_code] == [200, 503, 200]


@pytest.mark.parametrize("given", ["", "has space", "x" * 65, "a\tb", "é", "-x"])
async def test_an_odd_request_id_is_replaced(stranger: httpx.AsyncClient, given: str) -> None:
    answer = await stranger.get("/health/live", headers={b"x-request-id": given.encode()})

    assert answer.headers["x-request-id"] not in ("", given)


async def test_a_sane_request_id_is_kept(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/nothing", headers={"x-request-id": "order-17.a_b"})

    assert answer.headers["x-request-id"] == "order-17.a_b"
    assert answer.json()["requestId"] == "order-17.a_b"


async def test_the_log_line_of_a_request_has_no_query_string(stranger: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await stranger.get("/nothing?X-Amz-Signature=secret")

    (line,) = [line for line in lines if line["event"] == "request.completed"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/nothing", 404)
    assert "secret" not in json.dumps(line)


def test_a_pointer_escapes_as_rfc_6901_says() -> None:
    assert pointer(("a/b", "m~n", 3)) == "/a~1b/m~0n/3"
