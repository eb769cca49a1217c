"""The list, the history, cancelling, and requests that are sent twice."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.fixtures.client import FILES, UPLOAD, Client
from tests.journeys.payments import Payments


def listed(client: Client, **asked: str) -> list[str]:
    """Walk the pages of the list; return the ids."""
    ids: list[str] = []
    path: str | None = FILES
    parameters: dict[str, str] | None = asked
    while path:
        answer = client.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        ids += [str(file["id"]) for file in page["results"]]
        path, parameters = page["links"]["next"], None
    return ids


def test_pages_show_each_file_once_newest_first(client: Client) -> None:
    name = f"{uuid4()}.csv"
    made = [client.ask(name)[0] for _ in range(7)]

    newest_first = listed(client, **{"page[size]": "2", "filter[name]": name})
    oldest_first = listed(client, **{"page[size]": "3", "filter[name]": name, "sort": "createdAt"})

    assert newest_first == made[::-1]
    assert oldest_first == made


def test_filters(client: Client, payments: Payments) -> None:
    name = f"{uuid4()}.csv"
    pending, _ = client.ask(name, "orders")
    imported = client.send(payments.file(2)[1], name)
    failed = client.send(b"nothing", name)
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT00:00:00Z}"

    def found(**asked: str) -> list[str]:
        filters = {f"filter[{key}]": value for key, value in asked.items()}
        return listed(client, **filters, **{"filter[name]": name})

    assert found(status="Pending") == [pending]
    assert found(status="Completed") == [imported.id]
    assert found(outcome="failed") == [failed.id]
    assert found(datasetType="orders") == [pending]
    assert found(datasetType="transactions", status="Failed") == [failed.id]
    assert found(createdAt=f"[2020-01-01T00:00:00Z,{tomorrow})") == [
        failed.id,
        imported.id,
        pending,
    ]
    assert found(createdAt=f"[{tomorrow},2100-01-01T00:00:00Z)") == []


def test_filters_and_pages_that_make_no_sense_are_malformed(client: Client) -> None:
    for asked in (
        {"filter[status]": "Done"},
        {"page[size]": "0"},
        {"page[size]": "101"},
        {"page[size]": "x"},
        {"page[after]": "nonsense"},
        {"filter[createdAt]": "yesterday"},
        {"sort": "name"},
    ):
        answer = client.http.get(FILES, params=asked)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), asked


def test_the_history_tells_every_change_with_its_cause(client: Client, payments: Payments) -> None:
    file = client.send(payments.file(3)[1])

    entries = client.history(file.id)

    assert [entry.cause for entry in entries if entry.stage_before != entry.stage_after] == [
        "upload.requested",
        "object.pinned",
        "file.claimed",
        "file.inspected",
        "file.loaded",
        "file.completed",
    ]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert all(entry.actor for entry in entries)


def test_cancelling_is_final_and_only_for_files_that_wait(
    client: Client, payments: Payments
) -> None:
    waiting, _ = client.ask()
    done = client.send(payments.file(2)[1])

    first = client.http.post(f"{FILES}/{waiting}/cancel")
    second = client.http.post(f"{FILES}/{waiting}/cancel")
    late = client.http.post(f"{FILES}/{done.id}/cancel")

    assert (first.status_code, first.json()["outcome"]) == (202, "cancelled")
    assert [(a.status_code, a.json()["code"]) for a in (second, late)] == [
        (409, "state-conflict")
    ] * 2
    assert client.get(waiting).failure == {
        **(client.get(waiting).failure or {}),
        "code": "cancelled",
    }


def test_a_request_that_is_sent_twice_makes_one_file(client: Client) -> None:
    name = f"{uuid4()}.csv"
    body = {"datasetType": "transactions", "file": {"name": name, "type": "csv"}}
    mark = {"x-idempotency-key": str(uuid4())}

    first, second = (client.http.post(UPLOAD, json=body, headers=mark) for _ in range(2))
    other = client.http.post(UPLOAD, json={**body, "metadata": {"a": "b"}}, headers=mark)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "x-idempotency-replayed" not in first.headers
    assert second.headers["x-idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-conflict")
    assert listed(client, **{"filter[name]": name}) == [first.json()["id"]]


def test_a_replayed_url_still_works(client: Client, payments: Payments) -> None:
    body = {"datasetType": "transactions", "file": {"name": "a.csv", "type": "csv"}}
    mark = {"x-idempotency-key": str(uuid4())}
    client.http.post(UPLOAD, json=body, headers=mark)
    replayed = client.http.post(UPLOAD, json=body, headers=mark).json()

    assert client.put(replayed["uploadUrl"], payments.file(2)[1]) == 200
    assert client.ended(replayed["id"]).status == "Completed"
