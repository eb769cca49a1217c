"""Server and workers as processes of their own: killed in any stage, stopped before the swap.

Each end is compared to the last row. The default suite kills where most hangs on it; with
TALLYDOCK_TEST_EVERY_KILL=1 in every stage.
"""

import os
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import pytest
from pydantic import SecretStr

from server.files.answers import FileAnswer
from tests.faults.bulk import Bulk, new_provider
from tests.faults.daemon import Daemon
from tests.faults.holding import UNDOING
from tests.faults.plant import Plant, running_plant
from tests.fixtures.clickhouse.server import ClickHouseServer
from tests.fixtures.client import FILES, Client, counts_of
from tests.fixtures.tripwire import Tripwire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

STAGES = ("queued", "inspecting", "loading", "publishing", "completed", UNDOING)
VICTIMS = ("worker", "server", "both")
DECISIVE = (("worker", "loading"), ("both", "publishing"), ("worker", "completed"))
ALL = tuple(product(VICTIMS, STAGES))
CHOSEN = ALL if os.environ.get("TALLYDOCK_TEST_EVERY_KILL") else DECISIVE
ROWS = 20_000
LONGEST_SECONDS = 180


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Give a house whose processes are killed."""
    with running_plant(tmp_path_factory.mktemp("processes")) as plant:
        yield plant


@pytest.mark.parametrize(("victim", "stage"), CHOSEN)
def test_killed_in_any_stage_every_row_is_there_once(plant: Plant, victim: str, stage: str) -> None:
    provider = new_provider()
    before = Bulk(1, ROWS, "1.00", provider=provider)
    corrected = Bulk(ROWS // 2 + 1, ROWS + 7, "3.00", month="2025-04", provider=provider)
    victims = [plant.workers[0]] if victim != "server" else []
    victims += [plant.server] if victim != "worker" else []
    with plant.client() as client:
        client.send(before.data)
        second, url = client.ask()
        if stage == UNDOING:
            client.put(url, corrected.data)
            client.ended(second, LONGEST_SECONDS)
        with plant.holding.at(stage) as held:
            if stage == UNDOING:
                assert client.http.post(f"{FILES}/{second}/undo").status_code == 202
            else:
                assert client.put(url, corrected.data) == 200
            held.wait()
            for process in victims:
                process.kill()
    for process in victims:
        process.start()

    with plant.client() as client:
        if stage == UNDOING:
            undone(client, second)
            assert client.shown(provider) == before.sums
            return
        file = client.ended(second, LONGEST_SECONDS)
        half = ROWS // 2
        counts = {"total": half + 7, "imported": half + 7, "replaced": half, "inserted": 7}
        assert counts_of(file) == counts
        amount = half * Decimal("1.00") + (half + 7) * Decimal("3.00")
        assert client.shown(provider) == {("EUR", "Capture"): (ROWS + 7, amount)}
        causes = [entry.cause for entry in client.history(second)]
        assert causes.count("file.completed") == 1


def test_a_publisher_stopped_before_its_exchange_does_no_harm_when_it_goes_on(
    plant: Plant,
) -> None:
    provider = new_provider()
    older = Bulk(1, ROWS, "1.00", provider=provider)
    newer = Bulk(ROWS // 2 + 1, ROWS + 7, "3.00", month="2025-04", provider=provider)
    plant.workers[0].kill()
    stopped: list[Daemon] = []
    clickhouse = plant.parts["analytics"]
    assert isinstance(clickhouse, ClickHouseServer)

    def stop() -> None:
        stopped[0].pause()

    try:
        with (
            Tripwire(clickhouse.port, b"EXCHANGE TABLES", stop) as wire,
            plant.client() as client,
        ):
            stopped.append(plant.hire(clickhouse_dsn=SecretStr(wire.dsn)))
            first, url = client.ask()
            assert client.put(url, older.data) == 200
            assert wire.has_tripped.wait(LONGEST_SECONDS)
            assert client.shown(provider) == {}

            # It is stopped with the lock in its hand; the other one waits until that has run out.
            plant.workers[0].start()
            file_id, url = client.ask()
            assert client.put(url, newer.data) == 200
            new = client.ended(file_id, LONGEST_SECONDS)
            shown = client.shown(provider)
            stopped[0].resume()
            wire.let_pass()
            old = client.ended(first, LONGEST_SECONDS)
            time.sleep(2)  # whatever the one that slept may still do

            amount = (ROWS // 2) * Decimal("1.00") + newer.count * Decimal("3.00")
            both = {("EUR", "Capture"): (ROWS + 7, amount)}
            assert shown in (newer.sums, both)
            assert client.shown(provider) == both
            assert (counts_of(old)["imported"], counts_of(new)["imported"]) == (ROWS, newer.count)
            met = counts_of(old).get("outdated", 0) + counts_of(new).get("replaced", 0)
            assert met == ROWS // 2
            for one in (first, file_id):
                causes = [entry.cause for entry in client.history(one)]
                assert causes.count("file.completed") == 1
    finally:
        for worker in stopped:
            worker.resume()
            worker.kill()
            plant.workers.remove(worker)


def undone(client: Client, file_id: str) -> FileAnswer:
    """Wait until readers do not see the file any more."""
    end = time.monotonic() + LONGEST_SECONDS
    while (file := client.get(file_id)).undone_at is None:
        assert time.monotonic() < end, client.history(file_id)
        time.sleep(0.05)
    return file
