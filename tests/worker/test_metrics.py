"""A worker in a process of its own shows its metrics."""

import socket

import httpx
import pytest
from pydantic import SecretStr

from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome
from server.settings import Settings
from server.telemetry.metrics import REGISTRY
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


def test_every_series_of_a_closed_set_is_there_before_anything_happens() -> None:
    shown = {
        (sample.name, *sample.labels.values())
        for family in REGISTRY.collect()
        for sample in family.samples
    }

    ours = [code for code in FailureCode if FileFailed(code).is_ours]
    # What is not in the store is not tried again.
    retried = [code for code in ours if code is not FailureCode.OBJECT_MISSING]
    wanted = {
        *(("tallydock_files_ended_total", str(outcome)) for outcome in Outcome),
        *(("tallydock_ingest_retries_total", str(code)) for code in retried),
        *(("tallydock_ingest_stage_seconds_count", s) for s in ("inspect", "load", "publish")),
        ("tallydock_rows_total", "rejected"),
        ("tallydock_judged_bytes_total",),
        ("tallydock_dependency_outages_total", "storage"),
        ("tallydock_sweep_found_total", "abandoned"),
        ("tallydock_reconciled_total", "settlement-source"),
        ("tallydock_clickhouse_statement_seconds_count", "insert"),
    }
    assert wanted - shown == set()
