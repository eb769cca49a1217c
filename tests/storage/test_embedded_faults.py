"""What clients, crashes and disks do to the embedded store, and what it must hold all the same."""

import asyncio
import base64
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from server.storage.embedded.endpoint import EmbeddedStore
from server.storage.embedded.request import Message, Scope
from tests.fixtures.storage import MAX_OBJECT_BYTES, StorageAddress, adapter_for
from tests.storage.conftest import OpenStore

MIB = 2**20

SERVE = """
import sys
from pathlib import Path
import uvicorn
from server.storage.embedded.endpoint import EmbeddedStore

root, descriptor, bucket, access_key, secret_key, region = sys.argv[1:]
store = EmbeddedStore(
    Path(root), bucket=bucket, access_key=access_key, secret_key=secret_key, region=region,
    max_object_bytes=2**30,
)
uvicorn.run(store, fd=int(descriptor), log_level="critical", access_log=False)
"""


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


def wait_until_empty(store: OpenStore) -> None:
    end = time.monotonic() + 5
    while store.files() and time.monotonic() < end:
        time.sleep(0.01)


def serve(root: Path, listener: socket.socket) -> "subprocess.Popen[bytes]":
    address = StorageAddress(url="")
    named = [address.bucket, address.access_key, address.secret_key, address.region]
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(root), str(listener.fileno()), *named],
        pass_fds=[listener.fileno()],
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    # Opened here, so that the port stays ours while the server is killed and started again.
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


def test_kill_9_in_a_put_leaves_nothing_and_after_a_put_everything(
    tmp_path: Path, listener: socket.socket
) -> None:
    address = StorageAddress(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    adapter = adapter_for(address)
    store = OpenStore(tmp_path, address, adapter)
    first = serve(tmp_path, listener)
    stored = store.put("whole", b"w" * 3 * MIB)
    connection = store.send_raw(
        store.url_to_put("half"), f"Content-Length: {9 * MIB}\r\n", b"h" * 5 * MIB
    )
    while not any(name.startswith("staging") for name in store.files()):
        time.sleep(0.01)

    kill(first)
    connection.close()
    second = serve(tmp_path, listener)
    whole, half = store.get("whole"), store.get("half")
    again = store.put("half", b"second try")
    kill(second)
    adapter.close()

    assert stored.status_code == 200
    assert whole.content == b"w" * 3 * MIB
    assert code_of(half) == (404, "NoSuchKey")
    assert again.status_code == 200
    assert not any(name.startswith("staging") for name in store.files())


def test_a_client_that_goes_away_leaves_nothing(store: OpenStore) -> None:
    connection = store.send_raw(
        store.url_to_put("half"), f"Content-Length: {9 * MIB}\r\n", b"h" * 5 * MIB
    )
    while not store.files():
        time.sleep(0.01)

    connection.close()

    wait_until_empty(store)
    assert store.files() == []
    assert code_of(store.get("half")) == (404, "NoSuchKey")


def test_a_chunked_body_that_breaks_off_leaves_nothing(store: OpenStore) -> None:
    connection = store.send_raw(
        store.url_to_put("half"), "Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"
    )
    while not store.files():
        time.sleep(0.01)

    connection.close()

    wait_until_empty(store)
    assert store.files() == []


def test_an_object_announced_over_the_limit_is_refused_before_it_is_sent(store: OpenStore) -> None:
    connection = store.send_raw(
        store.url_to_put("big"), f"Content-Length: {MAX_OBJECT_BYTES + 1}\r\n"
    )

    answer = connection.recv(65536)

    connection.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>EntityTooLarge</Code>" in answer
    assert store.files() == []


def test_a_refused_client_that_asked_first_must_use_another_connection(store: OpenStore) -> None:
    connection = store.send_raw(
        store.url_to_put("big"),
        f"Content-Length: {MAX_OBJECT_BYTES + 1}\r\nExpect: 100-continue\r\n",
    )

    answer = connection.recv(65536)

    connection.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer


def test_an_object_that_grows_over_the_limit_is_refused(store: OpenStore) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MAX_OBJECT_BYTES // MIB + 1):
            yield b"x" * MIB

    answer = httpx.put(store.url_to_put("big"), content=endless())

    assert code_of(answer) == (400, "EntityTooLarge")
    assert store.files() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("content_md5", base64.b64encode(b"0" * 16).decode(), (400, "BadDigest")),
        ("content_md5", "not base64", (400, "InvalidDigest")),
        ("x_amz_content_sha256", "0" * 64, (400, "XAmzContentSHA256Mismatch")),
        ("x_amz_content_sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", (400, "InvalidArgument")),
        ("x_amz_copy_source", "/tallydock/another", (403, "AccessDenied")),
        ("x_amz_meta_a", "b", (403, "AccessDenied")),
        ("if_none_match", '"etag"', (501, "NotImplemented")),
    ],
)
def test_a_put_with_a_false_or_foreign_header_stores_nothing(
    store: OpenStore, name: str, value: str, expected: tuple[int, str]
) -> None:
    answer = store.put("key", b"data", **{name: value})

    assert code_of(answer) == expected
    assert store.files() == []


async def test_a_server_that_stops_in_a_put_leaves_nothing(tmp_path: Path) -> None:
    address = StorageAddress(url="http://127.0.0.1:1")
    adapter = adapter_for(address)
    path, _, query = adapter.presign_put("key", expires_in=timedelta(hours=1)).partition("?")
    app = EmbeddedStore(
        tmp_path,
        bucket=address.bucket,
        access_key=address.access_key,
        secret_key=address.secret_key,
        region=address.region,
        max_object_bytes=2**30,
    )
    begun = asyncio.Event()
    pieces = iter([b"x" * MIB] * 3)

    async def receive() -> Message:
        if (piece := next(pieces, None)) is None:
            begun.set()
            await asyncio.sleep(60)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Message) -> None:
        pytest.fail(f"answered {message}")

    scope: Scope = {
        "type": "http",
        "method": "PUT",
        "path": "/tallydock/key",
        "raw_path": path.removeprefix(address.url).encode(),
        "query_string": query.encode(),
        "headers": [(b"host", address.host.encode()), (b"transfer-encoding", b"chunked")],
    }
    call = asyncio.ensure_future(app(scope, receive, send))
    await begun.wait()

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert OpenStore(tmp_path, address, adapter).files() == []
    app.close()
    adapter.close()


def test_the_disk_full_is_said_and_leaves_nothing(
    store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    answer = store.put("key", b"data")

    assert code_of(answer) == (507, "XMinioStorageFull")
    assert store.files() == []
