"""Mappings over HTTP: saved, versioned, checked, within their workspace."""

from collections.abc import Mapping

import httpx
import pytest

from server.access.models import Workspace
from server.access.principal import operator_of
from server.access.scopes import Scope
from server.datasets.header import fingerprint
from server.parts import Parts

MAPPINGS = "/analytics/mappings"
GOOD: Mapping[str, object] = {
    "name": "ERP export",
    "datasetType": "transactions",
    "columns": {"Vorgang": "transaction_id", "Art": "transaction_type", "Betrag": "amount"},
    "constants": {"provider_code": "adyen", "timezone": "Europe/Berlin", "currency": "EUR"},
    "values": {"transaction_type": {"Einzug": "Capture"}},
    "dateFormats": {"created_at": "DD.MM.YYYY HH:mm"},
    "zone": "Europe/Berlin",
}


@pytest.fixture
def address(each_database_url: str) -> str:
    """Give the URL of each kind of database in turn."""
    return each_database_url


async def saved(client: httpx.AsyncClient, **changes: object) -> dict[str, object]:
    answer = await client.post(MAPPINGS, json={**GOOD, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def test_a_mapping_is_saved_read_replaced_and_deleted(client: httpx.AsyncClient) -> None:
    made = await saved(client)
    url = f"{MAPPINGS}/{made['id']}"
    replaced = await client.put(url, json={**GOOD, "name": "ERP 2", "zone": None})
    same = await client.put(url, json={**GOOD, "name": "ERP 2", "zone": None})
    old = await client.get(url, params={"version": 1})

    assert (made["version"], made["name"], made["zone"]) == (1, "ERP export", "Europe/Berlin")
    assert made["dateFormats"] == {"created_at": ["DD.MM.YYYY HH:mm"]}
    assert made["warnings"] == [
        {
            "column": "created_at",
            "detail": "Neither mapped nor constant: a file without a column of that name is"
            " refused.",
        }
    ]
    assert replaced.json()["version"] == 2
    assert same.json() == replaced.json()
    assert (await client.get(url)).json() == replaced.json()
    assert {**old.json()} == made
    assert (await client.get(url, params={"version": 3})).status_code == 404
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
    assert (await client.delete(url)).status_code == 404
    assert (await client.put(url, json=GOOD)).status_code == 404
    # Its name is free again.
    await saved(client, name="ERP 2")


async def test_the_list_is_paged_and_finds_mappings_by_header(client: httpx.AsyncClient) -> None:
    made = [await saved(client, name=f"m{number}") for number in range(3)]
    other = await saved(client, name="other", columns={"Nr": "transaction_id"})
    labels = ["BETRAG ", "vorgang", "Art"]

    first = (await client.get(MAPPINGS, params={"page[size]": 3})).json()
    second = (await client.get(first["links"]["next"])).json()
    found = await client.get(MAPPINGS, params={"filter[header]": fingerprint(labels)})
    orders = await client.get(MAPPINGS, params={"filter[datasetType]": "orders"})

    assert [item["id"] for item in first["results"]] == [
        other["id"],
        made[2]["id"],
        made[1]["id"],
    ]
    assert [item["id"] for item in second["results"]] == [made[0]["id"]]
    assert second["links"] == {"next": None}
    assert {item["name"] for item in found.json()["results"]} == {"m0", "m1", "m2"}
    assert orders.json()["results"] == []


async def test_a_header_is_recognised_by_all_its_labels(client: httpx.AsyncClient) -> None:
    header = ["Vorgang", "Art", "Betrag", "Datum", "Notiz"]
    made = await saved(client, header=header)

    assert made["headerFingerprint"] == fingerprint(reversed(header))
    found = await client.get(MAPPINGS, params={"filter[header]": made["headerFingerprint"]})
    assert [item["id"] for item in found.json()["results"]] == [made["id"]]


async def test_names_are_unique_within_a_workspace(client: httpx.AsyncClient) -> None:
    await saved(client)
    second = await saved(client, name="second")

    again = await client.post(MAPPINGS, json=GOOD)
    renamed = await client.put(f"{MAPPINGS}/{second['id']}", json=GOOD)

    assert (again.status_code, again.json()["code"]) == (409, "state-conflict")
    assert (renamed.status_code, renamed.json()["code"]) == (409, "state-conflict")


async def test_a_repeated_post_with_its_key_saves_once(client: httpx.AsyncClient) -> None:
    key = {"x-idempotency-key": "one"}

    first = await client.post(MAPPINGS, json=GOOD, headers=key)
    again = await client.post(MAPPINGS, json=GOOD, headers=key)

    assert again.headers["x-idempotency-replayed"] == "true"
    assert again.content == first.content
    assert len((await client.get(MAPPINGS)).json()["results"]) == 1


async def test_an_unknown_dataset_is_told_with_the_known_ones(client: httpx.AsyncClient) -> None:
    answer = await client.post(MAPPINGS, json={**GOOD, "datasetType": "nope"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-dataset")
    assert "transactions" in answer.json()["known"]


@pytest.mark.parametrize("mapping_id", ["nothing", "01936000-0000-7000-8000-000000000000", "%00"])
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, mapping_id: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await client.request(method, f"{MAPPINGS}/{mapping_id}", json=GOOD)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "", Scope.FILES_READ),
        ("GET", "/{id}", Scope.FILES_READ),
        ("POST", "", Scope.FILES_WRITE),
        ("PUT", "/{id}", Scope.FILES_WRITE),
        ("DELETE", "/{id}", Scope.FILES_WRITE),
        ("POST", "/{id}/try", Scope.FILES_WRITE),
        ("POST", "/try", Scope.FILES_WRITE),
    ],
)
async def test_each_route_needs_its_scope(
    client: httpx.AsyncClient, parts: Parts, method: str, path: str, scope: Scope
) -> None:
    made = await saved(client)
    workspace_id = await parts.access.workspace_id()
    assert workspace_id is not None
    key = await parts.access.create_key(
        operator_of(workspace_id), name="x", scopes=frozenset(Scope) - {scope}
    )

    answer = await client.request(
        method,
        MAPPINGS + path.format(id=made["id"]),
        json={} if method in ("POST", "PUT") else None,
        headers={"authorization": f"Bearer {key.text}"},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_mapping_is_not_seen_from_another_workspace(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    made = await saved(client)
    async with parts.units.begin() as unit:
        now = parts.clock()
        unit.session.add(Workspace(workspace_id="another", name="another", created_at=now))
    key = await parts.access.create_key(operator_of("another"), name="x", scopes=frozenset(Scope))
    theirs = {"authorization": f"Bearer {key.text}"}
    url = f"{MAPPINGS}/{made['id']}"

    answers = [
        await client.get(url, headers=theirs),
        await client.put(url, json=GOOD, headers=theirs),
        await client.delete(url, headers=theirs),
        await client.post(f"{url}/try", json={"text": "a\n1\n"}, headers=theirs),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await client.get(MAPPINGS, headers=theirs)).json()["results"] == []
    for asked in (made["id"], made["name"]):
        body = {
            "datasetType": "transactions",
            "file": {"name": "a.csv", "type": "csv"},
            "options": {"mapping": asked},
        }
        refused = await client.post("/analytics/files/upload", json=body, headers=theirs)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-mapping")
        assert (await client.post("/analytics/files/upload", json=body)).status_code == 201


async def test_an_upload_names_a_mapping_of_its_dataset(client: httpx.AsyncClient) -> None:
    made = await saved(client)
    body = {"file": {"name": "a.csv", "type": "csv"}, "options": {"mapping": "ERP export"}}

    other = await client.post("/analytics/files/upload", json={**body, "datasetType": "orders"})
    ticket = await client.post(
        "/analytics/files/upload", json={**body, "datasetType": "transactions"}
    )
    await client.put(f"{MAPPINGS}/{made['id']}", json={**GOOD, "name": "renamed"})
    await client.delete(f"{MAPPINGS}/{made['id']}")
    file = (await client.get(f"/analytics/files/{ticket.json()['id']}")).json()
    history = (await client.get(f"/analytics/files/{ticket.json()['id']}/history")).json()

    assert (other.status_code, other.json()["code"]) == (422, "unknown-mapping")
    named = {"id": made["id"], "name": "ERP export", "version": 1}
    assert file["mapping"] == named
    assert file["options"] == {"mapping": "ERP export"}
    assert history["results"][0]["detail"] == {"mapping": named}
