"""A worker in a process of its own shows its metrics."""

import socket

import httpx
import pytest
from pydantic import SecretStr

from server.settings import Settings
from tests.fixtures.files import until
from worker.metrics import shown_metrics


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


async def test_a_worker_shows_its_metrics_to_who_may_see_them(port: int) -> None:
    settings = Settings(worker_metrics_port=port, metrics_token=SecretStr("secret"))
    async with (
        shown_metrics(settings),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):

        async def is_up() -> bool:
            try:
                return (await client.get("/health/live")).is_success
            except httpx.TransportError:
                return False

        await until(is_up)
        shown = await client.get("/metrics", headers={"authorization": "Bearer secret"})
        refused = await client.get("/metrics")

    assert 'tallydock_files_ended_total{outcome="imported"}' in shown.text
    assert 'tallydock_reconciled_total{kind="table"}' in shown.text
    assert refused.status_code == 401


async def test_nothing_is_shown_when_no_port_is_named() -> None:
    async with shown_metrics(Settings()):
        pass
