"""Three ways in which the appliance learns that a PUT is done: each alone is enough."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.fixtures.appliance import Appliance
from tests.fixtures.client import FILES, Client, counts_of
from tests.journeys.payments import Payments

NEVER = 1_000_000
# The contract's promise for a fresh file that only the sweep can find.
SWEEP_SECONDS = 15


@pytest.fixture(scope="module")
def found_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Give an appliance whose settings the tests change between two starts."""
    appliance = Appliance(tmp_path_factory.mktemp("finding"))
    yield appliance
    appliance.kill()


def refuse_events(appliance: Appliance) -> None:
    """Leave the store without a token: the server then refuses its events, as documented."""
    secrets = appliance.home / "secrets.json"
    kept = json.loads(secrets.read_text())
    secrets.write_text(json.dumps({**kept, "storage_event_token": ""}))


def pinned_by(client: Client, file_id: str) -> str:
    """Return who found the bytes."""
    (actor,) = [e.actor for e in client.history(file_id) if e.cause == "object.pinned"]
    return actor


def test_the_stores_event_alone(found_by: Appliance, payments: Payments) -> None:
    found_by.settings["sweep_seconds"] = NEVER
    found_by.start()

    with found_by.client() as client:
        file = client.send(payments.file(3)[1])

        assert counts_of(file)["imported"] == 3
        assert pinned_by(client, file.id) == "storage"
    assert found_by.stop() == 0


def test_the_callers_word_alone(found_by: Appliance, payments: Payments) -> None:
    refuse_events(found_by)
    found_by.start()

    with found_by.client() as client:
        file_id, url = client.ask()
        too_early = client.http.post(f"{FILES}/{file_id}/complete")
        client.put(url, payments.file(3)[1])
        time.sleep(0.5)
        before = client.get(file_id)
        told = client.http.post(f"{FILES}/{file_id}/complete")
        file = client.ended(file_id)
        again = client.http.post(f"{FILES}/{file_id}/complete")

        assert (too_early.status_code, too_early.json()["status"]) == (202, "Pending")
        assert before.status == "Pending"
        assert told.status_code == 202
        assert told.json()["status"] != "Pending"
        assert (again.status_code, again.json()["status"]) == (202, "Completed")
        assert counts_of(file)["imported"] == 3
        assert pinned_by(client, file_id).startswith("key:")
    assert found_by.stop() == 0


def test_the_sweep_alone_within_fifteen_seconds(found_by: Appliance, payments: Payments) -> None:
    del found_by.settings["sweep_seconds"]
    found_by.start()

    with found_by.client() as client:
        file_id, url = client.ask()
        client.put(url, payments.file(3)[1])
        file = client.ended(file_id, SWEEP_SECONDS)

        assert counts_of(file)["imported"] == 3
        assert pinned_by(client, file_id) == "sweep"
