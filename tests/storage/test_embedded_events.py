"""Events of the embedded store: of MinIO's form, and never in the way of an upload."""

import asyncio
import json
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from server.storage.embedded.endpoint import EmbeddedStore
from server.storage.embedded.events import Event, OnEvent, webhook_notifier
from server.storage.embedded.request import Receive, Scope, Send
from tests.fixtures.storage import StorageAddress, adapter_for, served

HOUR = timedelta(hours=1)
ADDRESS = StorageAddress(url="")


def store_with(folder: Path, on_event: OnEvent | None) -> EmbeddedStore:
    return EmbeddedStore(
        folder,
        bucket=ADDRESS.bucket,
        access_key=ADDRESS.access_key,
        secret_key=ADDRESS.secret_key,
        region=ADDRESS.region,
        max_object_bytes=1000,
        on_event=on_event,
    )


def put(url: str, key: str) -> httpx.Response:
    adapter = adapter_for(StorageAddress(url=url))
    from_url = adapter.presign_put(key, expires_in=HOUR)
    adapter.close()
    return httpx.put(from_url, content=b"data")


async def test_an_event_tells_key_size_etag_and_version(tmp_path: Path) -> None:
    told: list[Event] = []

    async def on_event(event: Event) -> None:
        told.append(event)

    with served(store_with(tmp_path, on_event)) as url:
        answer = put(url, "a b/ü")

    [record] = [record for event in told for record in records(event)]
    assert (told[0]["EventName"], told[0]["Key"]) == ("s3:ObjectCreated:Put", "tallydock/a b/ü")
    assert record["s3"] == {
        "s3SchemaVersion": "1.0",
        "bucket": {"name": "tallydock"},
        "object": {
            "key": "a+b%2F%C3%BC",
            "size": 4,
            "eTag": answer.headers["etag"].strip('"'),
            "versionId": answer.headers["x-amz-version-id"],
        },
    }


@pytest.mark.parametrize("failing", [True, False])
async def test_an_upload_neither_waits_for_its_event_nor_fails_with_it(
    tmp_path: Path, failing: bool
) -> None:
    async def on_event(_: Event) -> None:
        if failing:
            message = "the receiver is down"
            raise OSError(message)
        await asyncio.sleep(0.5)

    with served(store_with(tmp_path, on_event)) as url:
        assert put(url, "key").status_code == 200


async def test_the_webhook_posts_json_with_its_token(tmp_path: Path) -> None:
    posted: list[tuple[str, object]] = []

    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        headers = scope["headers"]
        assert isinstance(headers, list)
        assert isinstance(body, bytes)
        posted.append((dict(headers)[b"authorization"].decode(), json.loads(body)))
        await answer(send, 204)

    with served(receiver) as url:
        await webhook_notifier(f"{url}/events", "token")({"EventName": "s3:ObjectCreated:Put"})

    assert posted == [("Bearer token", {"EventName": "s3:ObjectCreated:Put"})]


async def test_a_webhook_that_is_refused_says_so(tmp_path: Path) -> None:
    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await answer(send, 401)

    with served(receiver) as url, pytest.raises(httpx.HTTPStatusError):
        await webhook_notifier(url, "wrong")({})


async def test_one_store_serves_two_ports_and_signs_for_each(tmp_path: Path) -> None:
    store = store_with(tmp_path, None)

    with served(store) as loopback, served(store) as public:
        assert put(loopback, "one").status_code == 200
        assert put(public, "two").status_code == 200


async def test_the_store_answers_the_life_of_its_server(tmp_path: Path) -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[object] = []

    async def receive() -> MutableMapping[str, object]:
        return dict(next(messages))

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message["type"])

    await store_with(tmp_path, None)({"type": "lifespan"}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def records(event: Event) -> list[dict[str, object]]:
    found = event["Records"]
    assert isinstance(found, list)
    return found
