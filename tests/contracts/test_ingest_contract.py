"""The main job on the parts of production: PostgreSQL, Valkey or Redis, MinIO, ClickHouse.

ClickHouse is chDB in this process, chDB behind ClickHouse's HTTP interface, and the real server
that TALLYDOCK_TEST_CLICKHOUSE_URL names, in turn. What `tests/journeys/` asks of the embedded
appliance is asked here of the same code on real parts. What the machine lacks is skipped by name.
"""

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fixtures.clickhouse.server import clickhouse_dsn
from tests.fixtures.client import FILES, Client, counts_of, curl_put, sums_of, totals_of
from tests.fixtures.house import Doors, House, running_house, webhook_environment
from tests.fixtures.storage import minio_server
from tests.fixtures.valkey import valkey_server
from tests.journeys.payments import Payments

pytestmark = pytest.mark.slow

ROWS = 1000
RUNS = 9


@pytest_asyncio.fixture(params=["embedded", "http", "server"])
async def house(
    request: pytest.FixtureRequest,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    """Give a house on real parts, with each kind of ClickHouse in turn."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    for name, value in webhook_environment(port).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "minio").mkdir()
    with (
        clickhouse_dsn(str(request.param), tmp_path) as dsn,
        valkey_server(tmp_path) as valkey_url,
        minio_server(tmp_path / "minio") as storage,
    ):
        doors = Doors(postgres_url, valkey_url, storage, dsn, port)
        async with running_house(tmp_path, doors) as house:
            yield house


async def test_from_curl_to_the_dashboard_by_the_stores_event(
    house: House, tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    await asyncio.to_thread(house.send_events)

    seconds = await asyncio.to_thread(journey, house, tmp_path)

    # Told, not judged: a machine's speed is no property of the code.
    record_testsuite_property(
        "put_to_completed_median_seconds", round(statistics.median(seconds), 3)
    )


def journey(house: House, folder: Path) -> list[float]:
    """Send a few files with curl; return how long each took from the PUT's 200 to its end."""
    payments, path, sent, seconds = Payments("contract"), folder / "a.csv", [], []
    with Client(house.url, house.key) as client:
        for _ in range(RUNS):
            rows, data = payments.file(ROWS)
            path.write_bytes(data)
            file_id, url = client.ask(path.name)
            assert curl_put(url, path) == 200
            began = time.monotonic()
            file = client.ended(file_id)
            seconds.append(time.monotonic() - began)
            sent += rows
            assert counts_of(file) == {"total": ROWS, "imported": ROWS, "inserted": ROWS}
            assert totals_of(file) == sums_of(rows)
        assert client.shown(payments.provider) == sums_of(sent)
    return seconds


async def test_by_the_callers_word_and_once_only(house: House) -> None:
    await asyncio.to_thread(send_twice, house)


def send_twice(house: House) -> None:
    """PUT a second file to a used URL of a store that tells nobody."""
    payments = Payments("contract")
    rows, data = payments.file(200)
    with Client(house.url, house.key) as client:
        file_id, url = client.ask()
        assert client.put(url, data) == 200
        assert client.put(url, payments.file(3)[1]) == 200

        assert client.http.post(f"{FILES}/{file_id}/complete").status_code == 202
        file = client.ended(file_id)

        assert counts_of(file)["imported"] == 200
        assert client.shown(payments.provider) == sums_of(rows)
        assert file.file.size_bytes == len(data)
        assert client.http.get("/health/ready").status_code == 200
