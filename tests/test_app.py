"""What all of the HTTP side has in common: description, headers, static files, mounts."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.types import Receive, Scope, Send

from server.app import create_app
from server.parts import Parts
from tests.fixtures.http import client_of

WEB = Path(__file__).parent.parent / "web" / "static"
SWAGGER = WEB / "vendor" / "swagger-ui-5.35.0"
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
async def description(stranger: httpx.AsyncClient) -> dict[str, dict[str, dict[str, object]]]:
    """Give the API's description."""
    told: dict[str, dict[str, dict[str, object]]] = (
        await stranger.get("/schema/openapi.json")
    ).json()
    return told


async def test_the_description_is_openapi_3_1_and_has_the_first_path(
    description: dict[str, dict[str, dict[str, object]]],
) -> None:
    assert str(description["openapi"]).startswith("3.1")
    assert {"post"} <= set(description["paths"]["/analytics/files/upload"])


async def test_every_refusal_is_described_as_a_problem(
    description: dict[str, dict[str, dict[str, object]]],
) -> None:
    wrong = [
        (path, method, code)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS and isinstance(operation, dict)
        for code, response in operation["responses"].items()
        if code == "default" or code >= "400"
        if set(response["content"]) != {"application/problem+json"}
    ]

    assert wrong == []


async def test_every_route_of_the_api_is_described_with_a_summary(
    description: dict[str, dict[str, dict[str, object]]],
) -> None:
    bare = [
        (path, method)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS and isinstance(operation, dict) and not operation.get("summary")
    ]

    assert bare == []


async def test_the_reference_page_loads_nothing_from_elsewhere(
    stranger: httpx.AsyncClient,
) -> None:
    page = await stranger.get("/schema")

    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text.replace("<!doctype", "")
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    found = [(await stranger.get(address)).status_code for address in addresses]
    assert found == [200] * 8
    assert '<a href="/">Back to the portal</a>' in page.text


def test_the_vendored_page_is_what_its_checksums_say() -> None:
    lines = (SWAGGER / "SHA256SUMS").read_text().splitlines()
    listed = {name: checksum for checksum, name in (line.split() for line in lines)}

    found = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in SWAGGER.iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == listed
    assert "LICENSE" in found


@pytest.mark.parametrize("path", ["/health/live", "/nothing", "/schema", "/analytics/files"])
async def test_every_response_says_what_browsers_may_do(
    stranger: httpx.AsyncClient, path: str
) -> None:
    headers = (await stranger.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "cache"),
    [("", "no-cache"), ("?v=1", "public, max-age=31536000, immutable")],
)
async def test_static_files_are_kept_when_their_address_has_a_version(
    stranger: httpx.AsyncClient, query: str, cache: str
) -> None:
    answer = await stranger.get(f"/static/js/api-reference.js{query}")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, cache)


async def bucket(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer as an embedded store might."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"stored", "more_body": False})


@pytest.fixture
async def mounted(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application with a bucket under its roof."""
    app: Litestar = create_app(parts, mounts={"/tallydock": bucket})
    async with client_of(app) as client:
        yield client


async def test_a_mount_takes_its_path_without_authentication_or_limit(
    mounted: httpx.AsyncClient,
) -> None:
    answer = await mounted.put("/tallydock/incoming/a", content=b"x" * 2**21)

    assert (answer.status_code, answer.text) == (200, "stored")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/tallydocks", "/x/tallydock", "/analytics/tallydock"])
async def test_a_mount_takes_nothing_else(mounted: httpx.AsyncClient, path: str) -> None:
    assert (await mounted.get(path)).status_code in (401, 404)


async def test_static_files_travel_compressed_and_answers_do_not(
    stranger: httpx.AsyncClient,
) -> None:
    style = await stranger.get("/static/css/app.css")
    description = await stranger.get("/schema/openapi.json")

    assert style.headers["content-encoding"] == "gzip"
    assert style.text == (WEB / "css" / "app.css").read_text()
    assert "content-encoding" not in description.headers
