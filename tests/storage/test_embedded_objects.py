"""Keys, versions, ranges and conditions of objects in the embedded store."""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server.storage.embedded.disk import About, Disk, part_name
from tests.storage.conftest import OpenStore

MIB = 2**20


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


async def listed(store: OpenStore) -> list[str]:
    return [item.key async for item in store.adapter.list_objects("")]


def test_a_put_only_if_absent_keeps_the_first(store: OpenStore) -> None:
    first = store.put("key", b"first", if_none_match="*")
    second = store.put("key", b"second", if_none_match="*")

    assert first.status_code == 200
    assert code_of(second) == (412, "PreconditionFailed")
    assert store.get("key").content == b"first"


@pytest.mark.parametrize(
    "key",
    [
        "../outside",
        "a/../../../outside",
        "..",
        ".",
        "/absolute",
        "a//b",
        "a/",
        "a@/b",
        "%2e%2e/x",
        ".hidden",
        "nul\\name",
        "a\tb",
        "/".join(["ab"] * 341),
    ],
)
def test_no_key_leaves_the_folder_and_every_key_is_listed_as_it_was(
    store: OpenStore, tmp_path: Path, key: str
) -> None:
    # Signed and sent by hand: clients take dots out of a path before they send it.
    asked = AWSRequest("PUT", f"{store.address.url}/tallydock/{quote(key)}")
    credentials = Credentials(store.address.access_key, store.address.secret_key)
    S3SigV4QueryAuth(credentials, "s3", store.address.region, expires=60).add_auth(asked)

    connection = store.send_raw(str(asked.url), "Content-Length: 1\r\n", b"x")
    answer = connection.recv(65536)
    connection.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert all(name.startswith("objects/") for name in store.files())
    assert asyncio.run(listed(store)) == [key]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("k" * 1025, (400, "KeyTooLongError")),
        ("ü" * 513, (400, "KeyTooLongError")),
        ("k" * 255, (400, "KeyTooLongError")),
        ("a\x01b", (400, "XMinioInvalidObjectName")),
    ],
)
def test_a_key_that_cannot_be_stored_is_refused(
    store: OpenStore, key: str, expected: tuple[int, str]
) -> None:
    assert code_of(store.put(key, b"x")) == expected
    assert store.files() == []


def test_a_query_or_path_that_is_no_text_is_refused(store: OpenStore) -> None:
    answer = httpx.put(f"{store.address.url}/tallydock/%FF")

    assert code_of(answer) == (400, "InvalidURI")


@pytest.mark.parametrize("query", ["acl", "tagging", "retention", "uploadId=x&tagging"])
def test_a_call_that_is_not_known_does_not_store_its_body(store: OpenStore, query: str) -> None:
    asked = AWSRequest("PUT", f"{store.address.url}/tallydock/key?{query}")
    credentials = Credentials(store.address.access_key, store.address.secret_key)
    S3SigV4QueryAuth(credentials, "s3", store.address.region, expires=60).add_auth(asked)

    answer = httpx.put(str(asked.url), content=b"<xml/>")

    assert answer.status_code in (400, 501)
    assert store.files() == []


async def test_puts_at_once_are_each_a_version(store: OpenStore) -> None:
    url = store.url_to_put("key")
    async with httpx.AsyncClient() as client:
        answers = await asyncio.gather(
            *(client.put(url, content=bytes([number]) * 100_000) for number in range(20))
        )

    versions = await store.adapter.list_versions("key")

    moments = [version.last_modified for version in versions]
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({version.etag for version in versions}) == 20
    assert moments == sorted(set(moments))


async def test_what_arrived_first_is_oldest_even_if_another_began_before(store: OpenStore) -> None:
    slow = store.send_raw(store.url_to_put("key"), "Content-Length: 4\r\n", b"sl")
    first = store.put("key", b"first")
    slow.sendall(b"ow")
    answer = slow.recv(65536)
    slow.close()

    oldest = await store.adapter.oldest_version("key")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert oldest is not None
    assert oldest.version_id == first.headers["x-amz-version-id"]


def test_a_clock_that_was_set_back_does_not_change_which_is_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path)

    def put(etag: str) -> str:
        staged = disk.stage()
        (staged / part_name(1)).write_bytes(b"x")
        return disk.commit(staged, About("key", etag, (1,))).version_id

    first = put("1")
    monkeypatch.setattr(time, "time_ns", lambda: 10**18)

    second = put("2")

    assert disk.version_ids("key") == [second, first]


def test_a_version_removed_while_it_is_read_is_read_to_its_end(store: OpenStore) -> None:
    data = os.urandom(24 * MIB)
    version_id = store.put("key", data).headers["x-amz-version-id"]
    url = store.adapter.presign_get(
        "key", version_id=version_id, expires_in=timedelta(hours=1), public=True
    )

    with httpx.stream("GET", url) as answer:
        pieces = answer.iter_bytes(MIB)
        read = next(pieces)
        asyncio.run(store.adapter.remove_version("key", version_id))
        read += b"".join(pieces)

    assert read == data
    assert store.files() == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-", (206, b"0123456789", "bytes 0-9/10")),
        ("bytes=9-", (206, b"9", "bytes 9-9/10")),
        ("bytes=-4", (206, b"6789", "bytes 6-9/10")),
        ("bytes=-99", (206, b"0123456789", "bytes 0-9/10")),
        ("bytes=2-3", (206, b"23", "bytes 2-3/10")),
        ("bytes=5-99", (206, b"56789", "bytes 5-9/10")),
        ("bytes=3-2", (200, b"0123456789", None)),
        ("bytes=0-1,3-4", (200, b"0123456789", None)),
        ("rows=0-1", (200, b"0123456789", None)),
    ],
)
def test_a_range_reads_what_it_names(
    store: OpenStore, asked: str, expected: tuple[int, bytes, str | None]
) -> None:
    store.put("key", b"0123456789")

    answer = store.get("key", range=asked)

    found = (answer.status_code, answer.content, answer.headers.get("content-range"))
    assert found == expected


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_a_range_outside_the_object_is_416(store: OpenStore, asked: str) -> None:
    store.put("key", b"0123456789")

    answer = store.get("key", range=asked)

    assert code_of(answer) == (416, "InvalidRange")
    assert answer.headers["content-range"] == "bytes */10"


def test_a_page_somebody_uploaded_does_not_run_in_the_browser(store: OpenStore) -> None:
    store.put("key", b"<script>alert(1)</script>", content_type="text/html")

    answer = store.get("key")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_a_reader_that_has_it_already_is_told_so(store: OpenStore) -> None:
    etag = store.put("key", b"data").headers["etag"]

    assert store.get("key", if_none_match=etag).status_code == 304
    assert store.get("key", if_match=etag).status_code == 200
    assert code_of(store.get("key", if_match='"other"')) == (412, "PreconditionFailed")
