"""Probes and metrics: what they tell, and to whom."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from server.app import create_app
from server.health import Health
from server.parts import Parts
from tests.fixtures.http import client_of


async def answers() -> None:
    """Be well."""


async def fails() -> None:
    """Be away, with an inside that nobody should see."""
    message = "password of the database"
    raise OSError(message)


async def hangs() -> None:
    """Never answer."""
    await asyncio.sleep(60)


def local(app: Litestar, host: str = "127.0.0.1") -> httpx.AsyncClient:
    """Return a client that connects from an address."""
    transport = httpx.ASGITransport(app, client=(host, 4711))  # type: ignore[arg-type]  # as above
    return httpx.AsyncClient(transport=transport, base_url="http://tallydock")


@pytest.fixture
async def visitor(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client on this machine, without a key."""
    async with local(app) as client:
        yield client


async def test_live_asks_nobody(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_ready_names_every_dependency_and_its_latency(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/health/ready")

    told = answer.json()
    assert (answer.status_code, told["status"]) == (503, "unavailable")
    assert {name: found["status"] for name, found in told["dependencies"].items()} == {
        "database": "up",
        "queue": "up",
        "storage": "down",
        "analytics": "down",
    }
    assert all(found["latencyMs"] >= 0 for found in told["dependencies"].values())


async def test_ready_when_all_answer() -> None:
    readiness = await Health({"one": answers, "two": answers}).readiness()

    assert readiness.status == "ready"


async def test_one_that_hangs_costs_two_seconds_and_not_more() -> None:
    readiness = await Health({"hangs": hangs, "too": hangs, "well": answers}).readiness()

    found = readiness.dependencies
    assert [found[name].status for name in ("hangs", "too", "well")] == ["down", "down", "up"]
    assert 1900 < found["hangs"].latencyMs < 3000


async def test_a_fault_is_not_told_to_strangers() -> None:
    readiness = await Health({"database": fails}).readiness()

    assert "password" not in str(readiness)
    assert readiness.status == "unavailable"


async def test_metrics_count_requests_by_route_template(visitor: httpx.AsyncClient) -> None:
    await visitor.get("/analytics/files/some-id")
    await visitor.get("/health/live")

    answer = await visitor.get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    routes = {sample.labels["route"] for sample in families["tallydock_http_requests"].samples}
    assert "/health/live" in routes
    assert not any("some-id" in route for route in routes)
    assert "tallydock_files" in families


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 401),
        ("127.0.0.1", {"x-forwarded-for": "10.0.0.7"}, 401),
        ("127.0.0.1", {"forwarded": "for=10.0.0.7"}, 401),
    ],
)
async def test_metrics_without_a_token_are_for_this_machine_only(
    app: Litestar, host: str, headers: dict[str, str], status: int
) -> None:
    async with local(app, host) as client:
        answer = await client.get("/metrics", headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("sent", "status"), [("Bearer s3cret", 200), ("Bearer no", 401), ("", 401)]
)
async def test_metrics_with_a_token_ask_everyone_for_it(
    parts: Parts, sent: str, status: int
) -> None:
    settings = parts.settings.model_copy(update={"metrics_token": SecretStr("s3cret")})
    async with client_of(create_app(replace(parts, settings=settings))) as client:
        answer = await client.get("/metrics", headers={"authorization": sent})

    assert answer.status_code == status
