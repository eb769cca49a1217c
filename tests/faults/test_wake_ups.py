"""Wake-up calls that are lost, doubled or sent for nothing: every file is still done, once."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
import redis

from server.queue import ArqQueue
from tests.faults.bulk import Bulk, new_provider
from tests.fixtures.appliance import Appliance, started
from tests.fixtures.client import FILES, Client, counts_of

pytestmark = pytest.mark.slow

ROWS = 50_000


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Give an appliance that looks for lost work often."""
    with started(tmp_path_factory.mktemp("woken"), sweep_seconds=1) as appliance:
        yield appliance


def kill_valkey(appliance: Appliance) -> None:
    """Kill the appliance's own Valkey."""
    os.kill(int((appliance.home / "valkey.pid").read_text()), signal.SIGKILL)


def wait_for_valkey(appliance: Appliance) -> None:
    """Wait until a new Valkey answers."""
    end = time.monotonic() + 20
    with redis.Redis(unix_socket_path=str(appliance.home / "valkey.sock")) as valkey:
        while time.monotonic() < end:
            with contextlib.suppress(redis.ConnectionError):
                valkey.ping()
                time.sleep(0.5)  # until the appliance has seen it too
                return
            time.sleep(0.02)
    pytest.fail(appliance.log)


def wake(appliance: Appliance, file_id: str, times: int) -> None:
    """Call workers for a file, over and over."""

    async def call() -> None:
        queue = ArqQueue(f"unix://{appliance.home / 'valkey.sock'}")
        for _ in range(times):
            await queue.wake("ingest", UUID(file_id))
            await asyncio.sleep(0.02)
        await queue.close()

    asyncio.run(call())


def completions(client: Client, file_id: str) -> int:
    """Return how often the file was completed."""
    return [entry.cause for entry in client.history(file_id)].count("file.completed")


def test_files_sent_while_valkey_is_dead_are_done(appliance: Appliance, client: Client) -> None:
    rows = Bulk(1, ROWS, "1.00", provider=new_provider())
    file_id, url = client.ask()

    kill_valkey(appliance)
    client.put(url, rows.data)
    wait_for_valkey(appliance)
    kill_valkey(appliance)

    assert counts_of(client.ended(file_id))["inserted"] == ROWS
    assert client.shown(rows.provider) == rows.sums


def test_a_wiped_valkey_loses_nothing(appliance: Appliance, client: Client) -> None:
    # The test before leaves it killed.
    wait_for_valkey(appliance)
    all_rows = [Bulk(1, 2000, "1.00", provider=new_provider()) for _ in range(6)]
    tickets = [client.ask() for _ in all_rows]
    with redis.Redis(unix_socket_path=str(appliance.home / "valkey.sock")) as valkey:
        for rows, (_, url) in zip(all_rows, tickets, strict=True):
            client.put(url, rows.data)
            valkey.flushall()

    for rows, (file_id, _) in zip(all_rows, tickets, strict=True):
        assert counts_of(client.ended(file_id))["inserted"] == 2000
        assert completions(client, file_id) == 1
        assert client.shown(rows.provider) == rows.sums


def test_a_file_that_is_called_for_many_times_is_done_once(
    appliance: Appliance, client: Client
) -> None:
    rows = Bulk(1, ROWS, "1.00", provider=new_provider())
    file_id, url = client.ask()

    client.put(url, rows.data)
    client.http.post(f"{FILES}/{file_id}/complete")
    wake(appliance, file_id, 20)
    file = client.ended(file_id)
    wake(appliance, file_id, 5)
    time.sleep(1)

    assert counts_of(file)["inserted"] == ROWS
    assert client.get(file_id) == file
    assert (file.attempt, completions(client, file_id)) == (1, 1)
    assert client.shown(rows.provider) == rows.sums


@pytest.mark.parametrize("date", ["Fri, 01 Jan 1999 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_client_whose_clock_is_wrong_sends_like_any_other(client: Client, date: str) -> None:
    rows = Bulk(1, 50, "1.00", provider=new_provider())
    file_id, url = client.ask()

    answer = httpx.put(url, content=rows.data, headers={"Date": date}, trust_env=False)

    assert answer.status_code == 200
    assert counts_of(client.ended(file_id))["inserted"] == 50


def test_a_call_for_a_file_that_waits_for_its_bytes_does_nothing(
    appliance: Appliance, client: Client
) -> None:
    file_id, _ = client.ask()

    wake(appliance, file_id, 3)
    time.sleep(0.5)

    assert client.get(file_id).status == "Pending"
