"""Killed in the middle: the same folder started again ends with the right numbers, once.

With TALLYDOCK_TEST_EVERY_KILL=1 in every stage, and while a file is undone or judged again.
"""

import os
import time
from collections.abc import Iterator

import pytest

from server.files.lifecycle import Stage
from tests.faults.bulk import Bulk, new_provider
from tests.fixtures.appliance import Appliance, started
from tests.fixtures.client import FILES, Client, counts_of, totals_of

ROWS = 300_000
# Who has the folder to itself need not wait until the lease of a dead worker runs out.
QUICK = {"lease_seconds": 600, "sweep_seconds": 0.5}
ORDER = list(Stage)
IS_EVERY = bool(os.environ.get("TALLYDOCK_TEST_EVERY_KILL"))
STAGES = [Stage.QUEUED, Stage.LOADING, Stage.PUBLISHING] + [Stage.INSPECTING] * IS_EVERY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Give an appliance that is killed and started again."""
    with started(tmp_path_factory.mktemp("victim"), **QUICK) as appliance:
        yield appliance


def put_and_kill(appliance: Appliance, data: bytes, stage: Stage) -> str:
    """Send a file, and kill the appliance when the file has come to that stage."""
    with appliance.client() as client:
        file_id, url = client.ask()
        assert client.put(url, data) == 200
        wait_for(client, file_id, stage)
        appliance.kill()
    return file_id


def wait_for(client: Client, file_id: str, stage: Stage) -> None:
    """Wait until the file is at the stage, or beyond it."""
    end = time.monotonic() + 60
    while ORDER.index(client.get(file_id).stage) < ORDER.index(stage):
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("stage", STAGES)
def test_a_file_survives_a_kill_at_any_stage(victim: Appliance, stage: Stage) -> None:
    rows = Bulk(1, ROWS, "1.23", provider=new_provider())

    file_id = put_and_kill(victim, rows.data, stage)
    victim.start()

    with victim.client() as client:
        file = client.ended(file_id)
        assert counts_of(file) == {"total": ROWS, "imported": ROWS, "inserted": ROWS}
        assert totals_of(file) == rows.sums
        assert client.shown(rows.provider) == rows.sums
        causes = [entry.cause for entry in client.history(file_id)]
        assert causes.count("file.completed") == 1


@pytest.mark.parametrize("pause_seconds", [0.0, 0.15, 0.4])
def test_a_correction_survives_a_kill_while_it_is_published(
    victim: Appliance, pause_seconds: float
) -> None:
    provider = new_provider()
    before = Bulk(1, 60_000, "1.00", provider=provider)
    # The rows move to another month, so two partitions change in one swap.
    corrected = Bulk(1, 60_000, "2.50", month="2025-04", provider=provider)
    with victim.client() as client:
        client.send(before.data)
        file_id, url = client.ask()
        assert client.put(url, corrected.data) == 200
        wait_for(client, file_id, Stage.PUBLISHING)
        time.sleep(pause_seconds)
        victim.kill()

    victim.start()

    with victim.client() as client:
        shown_meanwhile = client.shown(provider)
        file = client.ended(file_id)
        assert shown_meanwhile in (before.sums, corrected.sums)
        assert counts_of(file) == {"total": 60_000, "imported": 60_000, "replaced": 60_000}
        assert client.shown(provider) == corrected.sums


@pytest.mark.skipif(not IS_EVERY, reason="TALLYDOCK_TEST_EVERY_KILL is not set")
@pytest.mark.parametrize("pause_seconds", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("call", ["undo", "reprocess"])
def test_an_undo_and_a_reprocess_survive_a_kill(
    victim: Appliance, call: str, pause_seconds: float
) -> None:
    provider = new_provider()
    before = Bulk(1, 30_000, "1.00", provider=provider)
    corrected = Bulk(1, 30_000, "2.50", month="2025-04", provider=provider)
    with victim.client() as client:
        client.send(before.data)
        file = client.send(corrected.data)
        assert client.http.post(f"{FILES}/{file.id}/{call}").status_code == 202
        time.sleep(pause_seconds)
        victim.kill()

    victim.start()

    with victim.client() as client:
        shown_meanwhile = client.shown(provider)
        assert shown_meanwhile in (before.sums, corrected.sums)
        if call == "undo":
            client.undo(file.id)
            assert client.shown(provider) == before.sums
        else:
            again = client.ended(file.id)
            assert counts_of(again) == {"total": 30_000, "imported": 30_000, "replaced": 30_000}
            assert client.shown(provider) == corrected.sums


def test_what_was_done_before_a_kill_stays_done(victim: Appliance) -> None:
    rows = Bulk(1, 1000, "0.01", provider=new_provider())
    with victim.client() as client:
        file = client.send(rows.data)

    victim.kill()
    victim.start()

    with victim.client() as client:
        assert client.get(file.id) == file
        assert client.shown(rows.provider) == rows.sums
