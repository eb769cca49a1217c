"""A large file that is being published for long holds up no small one, in processes of their own.

TALLYDOCK_TEST_LARGE_MB makes the large file as large as one likes.
"""

import os
import time
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from tests.faults.bulk import Bulk, new_provider
from tests.faults.daemon import free_port
from tests.faults.plant import Plant, running_plant
from tests.fixtures.clickhouse.server import ClickHouseServer
from tests.fixtures.client import Client, counts_of
from tests.fixtures.rows import good, to_csv
from tests.fixtures.tripwire import Tripwire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

LARGE_BYTES = int(os.environ.get("TALLYDOCK_TEST_LARGE_MB", "2")) * 10**6
# About 70 bytes a row.
ROWS = LARGE_BYTES // 70
SECONDS = 600


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house."""
    with running_plant(tmp_path_factory.mktemp("fair")) as plant:
        yield plant


def queued(port: int) -> dict[tuple[str, str], float]:
    """Return the worker's gauges of its queue."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    return {
        (family.name, sample.labels["size"]): sample.value
        for family in text_string_to_metric_families(text)
        if family.name in ("tallydock_queued_files", "tallydock_queue_age_seconds")
        for sample in family.samples
    }


def has_waited(client: Client, file_id: str) -> bool:
    """Return whether the file was put back because its dataset was busy."""
    return any(e.detail.get("code") == "dataset-busy" for e in client.history(file_id))


def test_while_a_large_file_is_published_small_ones_have_their_turn(plant: Plant) -> None:
    large, small = (Bulk(1, rows, "1.00", provider=new_provider()) for rows in (ROWS, 500))
    clickhouse = plant.parts["analytics"]
    assert isinstance(clickhouse, ClickHouseServer)
    plant.workers[0].kill()
    port = free_port()
    with (
        Tripwire(clickhouse.port, b"EXCHANGE TABLES", lambda: None) as wire,
        plant.client() as client,
    ):
        plant.hire(
            clickhouse_dsn=SecretStr(wire.dsn),
            jobs_at_once=2,
            large_file_bytes=10**6,
            worker_metrics_port=port,
        )
        large_id, url = client.ask()
        assert client.put(url, large.data) == 200
        # From here on the large file is being published, for as long as the test likes.
        assert wire.has_tripped.wait(SECONDS)

        same_id, url = client.ask()
        assert client.put(url, small.data) == 200
        end = time.monotonic() + SECONDS
        while not has_waited(client, same_id):
            assert time.monotonic() < end
            time.sleep(0.2)
        others = [
            client.send(to_csv([good(number, "orders")]), dataset="orders") for number in range(3)
        ]
        while not (seen := queued(port))["tallydock_queue_age_seconds", "small"]:
            assert time.monotonic() < end
            time.sleep(0.1)
        meanwhile = client.get(large_id)
        wire.let_pass()

        assert [file.outcome for file in others] == ["imported"] * 3
        assert (meanwhile.stage, meanwhile.failure) == ("publishing", None)
        assert seen["tallydock_queued_files", "small"] == 1
        assert counts_of(client.ended(large_id, SECONDS))["inserted"] == ROWS
        assert counts_of(client.ended(same_id, SECONDS))["inserted"] == 500
        assert client.shown(large.provider) == large.sums
        assert client.shown(small.provider) == small.sums
        assert queued(port)["tallydock_queued_files", "large"] == 0
