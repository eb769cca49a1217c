"""Two workspaces on one appliance: neither sees, moves or guesses anything of the other."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from server.access.models import Workspace
from server.access.principal import operator_of
from server.access.room import open_room
from server.access.scopes import ALL_SCOPES
from server.clock import utc_now
from server.db.engine import create_engine, create_sessions
from server.settings import Settings
from server.unit_of_work import UnitsOfWork
from tests.fixtures.appliance import Appliance
from tests.fixtures.client import FILES, UPLOAD, Client, counts_of, sums_of
from tests.fixtures.database import RecordingQueue
from tests.fixtures.rows import to_csv
from tests.journeys.payments import Payments


@pytest.fixture(scope="module")
def neighbour_key(appliance: Appliance) -> str:
    """Give a key of another workspace of the same appliance."""
    return asyncio.run(make_workspace(appliance.home))


@pytest.fixture
def neighbour(appliance: Appliance, neighbour_key: str) -> Iterator[Client]:
    """Give the neighbour's client; its key carries every scope."""
    with appliance.client(neighbour_key) as client:
        yield client


async def make_workspace(home: Path) -> str:
    """Put a second workspace into the appliance's database; return its key."""
    engine = create_engine(f"sqlite+aiosqlite:///{home / 'tallydock.db'}")
    units = UnitsOfWork(create_sessions(engine), RecordingQueue())
    workspace_id = str(uuid4())
    async with units.begin() as unit:
        now = datetime.now(UTC)
        unit.session.add(Workspace(workspace_id=workspace_id, name="next door", created_at=now))
    access = open_room(units, Settings(), utc_now).access
    made = await access.create_key(operator_of(workspace_id), name="all", scopes=ALL_SCOPES)
    await engine.dispose()
    return made.text


def test_a_foreign_file_is_not_found_whatever_is_asked(
    client: Client, neighbour: Client, payments: Payments
) -> None:
    rows = payments.rows(20)
    rows[3]["amount"] = "x"
    ours = client.send(to_csv(rows))
    before = client.http.get(ours.links.self).content

    asked = [
        *(neighbour.http.get(path) for path in ours.links.model_dump().values()),
        neighbour.http.get(f"{FILES}/{ours.id}/events"),
        neighbour.http.get(f"{FILES}/{ours.id}/parts"),
        *(
            neighbour.http.post(f"{FILES}/{ours.id}/{action}")
            for action in ("complete", "cancel", "reprocess", "undo")
        ),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in asked} == {
        (404, "file-not-found")
    }
    assert client.http.get(ours.links.self).content == before
    assert client.shown(payments.provider) == sums_of(rows[:3] + rows[4:])


def test_lists_and_dashboards_show_ones_own(
    client: Client, neighbour: Client, payments: Payments
) -> None:
    name = f"{uuid4()}.csv"
    ours = client.send(payments.file(10)[1], name)
    theirs = neighbour.send(payments.file(7)[1], name)

    def seen(by: Client) -> list[str]:
        page = by.http.get(FILES, params={"filter[name]": name}).json()
        return [file["id"] for file in page["results"]]

    assert (seen(client), seen(neighbour)) == ([ours.id], [theirs.id])
    assert sum(count for count, _ in client.shown(payments.provider).values()) == 10
    assert sum(count for count, _ in neighbour.shown(payments.provider).values()) == 7
    newest = {row["name"] for row in neighbour.panel("newest-files")}
    assert newest <= {name, "a.csv"}


def test_the_same_keys_and_the_same_bytes_are_strangers_next_door(
    client: Client, neighbour: Client, payments: Payments
) -> None:
    rows, data = payments.file(15)

    ours, theirs = client.send(data), neighbour.send(data)

    assert [(file.outcome, counts_of(file)) for file in (ours, theirs)] == [
        ("imported", {"total": 15, "imported": 15, "inserted": 15})
    ] * 2
    assert client.shown(payments.provider) == neighbour.shown(payments.provider) == sums_of(rows)


def test_a_foreign_file_cannot_be_repaired_or_replayed(
    client: Client, neighbour: Client, payments: Payments
) -> None:
    ours = client.send(payments.file(2)[1])
    body = {"datasetType": "transactions", "file": {"name": "a.csv", "type": "csv"}}
    mark = {"x-idempotency-key": str(uuid4())}
    first = client.http.post(UPLOAD, json=body, headers=mark)

    repair = neighbour.http.post(UPLOAD, json={**body, "options": {"repairOf": ours.id}})
    replay = neighbour.http.post(UPLOAD, json=body, headers=mark)

    assert (repair.status_code, repair.json()["code"]) == (404, "file-not-found")
    assert replay.status_code == 201
    assert replay.json()["id"] != first.json()["id"]
    assert "x-idempotency-replayed" not in replay.headers


def test_keys_are_ones_own(client: Client, neighbour: Client) -> None:
    (theirs,) = neighbour.http.get("/analytics/keys").json()["results"]

    ours = {key["id"] for key in client.http.get("/analytics/keys").json()["results"]}
    client.http.delete(f"/analytics/keys/{theirs['id']}")

    assert theirs["id"] not in ours
    assert neighbour.http.get(FILES).status_code == 200
