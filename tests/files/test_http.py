"""The routes of files over HTTP, as the contract has them: the real application, a real store."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote_plus
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from server.access.principal import operator_of
from server.access.scopes import Scope
from server.analytics.gateway import Analytics
from server.files import rows_controller
from server.files.repository import change, find_file
from server.parts import Parts, assemble
from server.reports.rows import Kind, RowIssue, RowReport, RowSource
from server.schema import metadata
from server.storage.s3 import S3Storage
from tests.fixtures.database import RecordingQueue
from tests.fixtures.files import DATA, TurnedClock, put
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, make_settings

FILES = "/analytics/files"
EVENTS = "/storage/events"
TOKEN = "a token for the store's webhook"


@pytest_asyncio.fixture
async def parts(
    tmp_path: Path,
    database_url: str,
    embedded_storage: S3Storage,
    queue: RecordingQueue,
    clock: TurnedClock,
) -> AsyncIterator[Parts]:
    settings = make_settings(
        tmp_path, database_url=database_url, storage_event_token=SecretStr(TOKEN)
    )
    parts = assemble(
        settings,
        storage=embedded_storage,
        analytics=Analytics.from_settings(settings),
        queue=queue,
        clock=clock,
    )
    async with parts.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield parts
    await parts.close()


async def sent(client: httpx.AsyncClient) -> str:
    ticket = (await client.post(UPLOAD, json=GOOD_UPLOAD)).json()
    await put(ticket["uploadUrl"], DATA)
    return str(ticket["id"])


def created(key: str, version_id: str = "") -> dict[str, object]:
    about = {"key": quote_plus(key), "versionId": version_id}
    return {"Records": [{"eventName": "s3:ObjectCreated:Put", "s3": {"object": about}}]}


async def test_the_ticket_has_the_members_of_the_contract(client: httpx.AsyncClient) -> None:
    answer = await client.post(UPLOAD, json=GOOD_UPLOAD)

    ticket = answer.json()
    assert answer.status_code == 201
    assert set(ticket) == {
        "id",
        "datasetType",
        "status",
        "stage",
        "file",
        "uploadUrl",
        "uploadMethod",
        "uploadHeaders",
        "expiresAt",
        "createdAt",
    }
    assert (ticket["status"], ticket["stage"]) == ("Pending", "awaiting_upload")
    assert (ticket["uploadMethod"], ticket["uploadHeaders"]) == ("PUT", {})
    assert ticket["expiresAt"].endswith("Z")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"datasetType": 5, "file": {"name": 7}}, 400, "malformed"),
        ([], 400, "malformed"),
        ({**GOOD_UPLOAD, "datasetType": "nope"}, 422, "unknown-dataset"),
        ({**GOOD_UPLOAD, "file": {"name": "x", "type": "exe"}}, 422, "unsupported-file-type"),
        (
            {**GOOD_UPLOAD, "file": {"name": "x", "type": "csv", "sizeBytes": 2**40}},
            413,
            "too-large",
        ),
    ],
)
async def test_refusals(client: httpx.AsyncClient, body: object, status: int, code: str) -> None:
    answer = await client.post(UPLOAD, json=body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_three_faults_are_told_at_once(client: httpx.AsyncClient) -> None:
    answer = await client.post(UPLOAD, json={"datasetType": 5, "file": {"name": 7}})

    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/datasetType",
        "/file/name",
        "/file/type",
    }


async def test_a_store_event_pins_the_file(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, parts: Parts
) -> None:
    file_id = await sent(client)
    key = (await parts.files.get(*await _place(parts, file_id))).object_key

    answer = await stranger.post(
        EVENTS, json=created(key), headers={"authorization": f"Bearer {TOKEN}"}
    )

    assert answer.status_code == 204
    assert (await client.get(f"{FILES}/{file_id}")).json()["status"] == "Processing"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"Records": 5}',
        b'{"Records": [1, {"eventName": 2}, {"eventName": "s3:ObjectCreated:Put"}]}',
        b'{"Records": [{"eventName": "s3:ObjectRemoved:Delete", "s3": {"object": {"key": "x"}}}]}',
        json.dumps(created("incoming/w/2026/01/01/%zz\0")).encode(),
        json.dumps(created("incoming/w/2026/01/01/0193a1b2-0000-7000-8000-000000000001")).encode(),
        b"[" * 100_000,
    ],
)
async def test_odd_events_are_ignored(stranger: httpx.AsyncClient, body: bytes) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}

    assert (await stranger.post(EVENTS, content=body, headers=headers)).status_code == 204


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "é"])
async def test_events_need_the_token(stranger: httpx.AsyncClient, authorization: str) -> None:
    headers = {b"authorization": authorization.encode()}

    answer = await stranger.post(EVENTS, json={}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_stream_tells_every_change_and_ends(client: httpx.AsyncClient) -> None:
    ticket = (await client.post(UPLOAD, json=GOOD_UPLOAD)).json()
    url = f"{FILES}/{ticket['id']}"

    async def act() -> None:
        await asyncio.sleep(0.3)
        await client.post(f"{url}/cancel")

    stream, _ = await asyncio.gather(client.get(f"{url}/events"), act())

    told = [json.loads(line) for line in re.findall(r"^data: (.*)$", stream.text, re.MULTILINE)]
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["x-accel-buffering"] == "no"
    assert [(event["status"], event["outcome"]) for event in told] == [
        ("Pending", None),
        ("Failed", "cancelled"),
    ]
    assert told[-1] == (await client.get(url)).json()


async def test_a_stream_goes_on_after_the_last_event(client: httpx.AsyncClient) -> None:
    file_id = (await client.post(UPLOAD, json=GOOD_UPLOAD)).json()["id"]
    await client.post(f"{FILES}/{file_id}/cancel")
    url = f"{FILES}/{file_id}/events"
    first = await client.get(url)
    (event_id,) = re.findall(r"^id: (\d+)$", first.text, re.MULTILINE)

    same = await client.get(url, headers={"last-event-id": event_id})
    odd = await client.get(url, headers={"last-event-id": "x"})

    assert same.status_code == 204
    assert odd.text == first.text


async def test_complete_takes_no_body_or_parts(client: httpx.AsyncClient) -> None:
    file_id = await sent(client)

    without = await client.post(f"{FILES}/{file_id}/complete")
    with_parts = await client.post(
        f"{FILES}/{file_id}/complete", json={"parts": [{"partNumber": 1, "etag": "x"}]}
    )
    odd = await client.post(f"{FILES}/{file_id}/complete", json={"parts": 3})

    assert [without.status_code, with_parts.status_code, odd.status_code] == [202, 202, 400]


async def test_the_original_is_downloaded_from_the_store(client: httpx.AsyncClient) -> None:
    file_id = await sent(client)
    await client.post(f"{FILES}/{file_id}/complete")

    answer = await client.get(f"{FILES}/{file_id}/original")

    assert answer.status_code == 302
    async with httpx.AsyncClient(trust_env=False) as plain:
        original = await plain.get(answer.headers["location"])
    assert original.content == DATA
    assert original.headers["content-disposition"].startswith('attachment; filename="a.csv"')


@pytest.mark.parametrize("query", ["filter[status]=Nope", "page[size]=101", "sort=name"])
async def test_a_list_refuses_what_is_not_documented(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{FILES}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_the_next_page_keeps_the_filters(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post(UPLOAD, json=GOOD_UPLOAD)
    await client.post(UPLOAD, json={**GOOD_UPLOAD, "datasetType": "orders"})
    seen: list[str] = []
    path: str | None = f"{FILES}?filter[datasetType]=transactions&page[size]=2"

    while path:
        assert path.startswith("/analytics/files?")
        page = (await client.get(path)).json()
        seen += [item["datasetType"] for item in page["results"]]
        path = page["links"]["next"]

    assert seen == ["transactions"] * 3


@pytest.fixture
def three_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have three rejected rows in every judged file."""
    issue = RowIssue("type-error", "error", "amount", "Not a number")
    reports = [RowReport(number, (issue,), {"amount": "abc"}) for number in (3, 5, 17)]

    async def rows(
        _analytics: Analytics, _source: RowSource, *, kind: Kind, after_row: int, limit: int
    ) -> list[RowReport]:
        found = reports if kind == "rejected" else []
        return [row for row in found if row.row_number > after_row][:limit]

    async def rejected_csv(_analytics: Analytics, source: RowSource) -> AsyncIterator[bytes]:
        yield ",".join(source.labels).encode() + b"\r\n"
        yield b"abc\r\n"

    monkeypatch.setattr(rows_controller, "rows", rows)
    monkeypatch.setattr(rows_controller, "rejected_csv", rejected_csv)


async def _judged(client: httpx.AsyncClient, parts: Parts) -> str:
    file_id = await sent(client)
    async with parts.units.begin() as unit:
        await change(unit, UUID(file_id), None, values={"judged_attempt": 1, "labels": ["amount"]})
    return f"{FILES}/{file_id}"


@pytest.mark.usefixtures("three_rows")
async def test_rejected_rows_come_in_pages(client: httpx.AsyncClient, parts: Parts) -> None:
    url = await _judged(client, parts)

    first = (await client.get(f"{url}/rejected-rows?page[size]=2")).json()
    second = (await client.get(first["links"]["next"])).json()
    warned = (await client.get(f"{url}/warned-rows")).json()

    assert first["results"][0] == {
        "rowNumber": 3,
        "issues": [
            {
                "code": "type-error",
                "severity": "error",
                "column": "amount",
                "message": "Not a number",
            }
        ],
        "cells": {"amount": "abc"},
    }
    assert [row["rowNumber"] for row in second["results"]] == [17]
    assert second["links"] == {"next": None}
    assert warned == {"results": [], "links": {"next": None}}


@pytest.mark.usefixtures("three_rows")
async def test_rejected_rows_are_downloaded_as_csv(client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await client.get(f"{await _judged(client, parts)}/rejected-rows.csv")

    assert answer.text == "amount\r\nabc\r\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="a-rejected-rows.csv"' in answer.headers["content-disposition"]


async def test_rows_of_a_file_that_was_not_judged(client: httpx.AsyncClient) -> None:
    url = f"{FILES}/{await sent(client)}"

    assert (await client.get(f"{url}/rejected-rows")).json()["results"] == []
    assert (await client.get(f"{url}/rejected-rows.csv")).status_code == 409


async def test_a_csv_that_cannot_be_read_is_a_503(client: httpx.AsyncClient, parts: Parts) -> None:
    answer = await client.get(f"{await _judged(client, parts)}/rejected-rows.csv")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "", Scope.FILES_READ),
        ("GET", "/{id}", Scope.FILES_READ),
        ("GET", "/{id}/history", Scope.FILES_READ),
        ("GET", "/{id}/events", Scope.FILES_READ),
        ("GET", "/{id}/original", Scope.FILES_DOWNLOAD),
        ("GET", "/{id}/rejected-rows", Scope.FILES_DOWNLOAD),
        ("GET", "/{id}/rejected-rows.csv", Scope.FILES_DOWNLOAD),
        ("GET", "/{id}/warned-rows", Scope.FILES_DOWNLOAD),
        ("POST", "/upload", Scope.FILES_WRITE),
        ("POST", "/{id}/complete", Scope.FILES_WRITE),
        ("POST", "/{id}/cancel", Scope.FILES_WRITE),
        ("POST", "/{id}/reprocess", Scope.FILES_WRITE),
        ("POST", "/{id}/undo", Scope.FILES_UNDO),
    ],
)
async def test_each_route_needs_its_scope(
    client: httpx.AsyncClient, parts: Parts, method: str, path: str, scope: Scope
) -> None:
    file_id = await sent(client)
    workspace_id, _ = await _place(parts, file_id)
    key = await parts.access.create_key(
        operator_of(workspace_id), name="all but one", scopes=frozenset(Scope) - {scope}
    )

    answer = await client.request(
        method,
        FILES + path.format(id=file_id),
        json=GOOD_UPLOAD if path == "/upload" else None,
        headers={"authorization": f"Bearer {key.text}"},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def _place(parts: Parts, file_id: str) -> tuple[str, UUID]:
    async with parts.units.begin() as unit:
        file = await find_file(unit, UUID(file_id))
    assert file is not None
    return file.workspace_id, file.file_id
