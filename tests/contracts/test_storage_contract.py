"""What the house needs of any store: the same tests for the embedded endpoint and a real MinIO.

Our adapter and curl speak to each here; other clients do in `test_storage_clients.py`.
"""

import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from minio import Minio

from server.errors import ObjectMissing, PartsRefused, StorageUnavailable
from server.storage.interface import UploadedPart
from server.storage.s3 import S3Storage
from tests.fixtures.storage import StorageAddress

HOUR = timedelta(hours=1)
MIB = 2**20


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


async def chunks_of(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 100_000):
        yield data[start : start + 100_000]


def fetch(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(
        method, url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def put(url: str, data: bytes) -> httpx.Response:
    return httpx.put(url, content=data)


def curl_put(url: str, file: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl on the PATH")
    subprocess.run(
        [
            *(curl, "--fail", "--silent", "--show-error", "--request", "PUT"),
            *("--upload-file", str(file), url),
        ],
        check=True,
    )


async def test_ensure_bucket_and_ping_succeed_again_and_again(storage: S3Storage) -> None:
    await storage.ensure_bucket()
    await storage.ping()


async def test_curl_puts_a_file_with_nothing_but_the_url(
    storage: S3Storage, key: str, tmp_path: Path
) -> None:
    sent = b"a,b\n" * 700_000  # More than a megabyte: curl asks with Expect: 100-continue.
    file = tmp_path / "file.csv"
    file.write_bytes(sent)

    curl_put(storage.presign_put(key, expires_in=HOUR), file)

    stored = await storage.oldest_version(key)
    assert stored is not None
    assert (stored.key, stored.size_bytes, stored.etag) == (key, len(sent), md5(sent))


async def test_an_empty_file_is_an_object(storage: S3Storage, key: str) -> None:
    answer = put(storage.presign_put(key, expires_in=HOUR), b"")

    stored = await storage.oldest_version(key)
    assert answer.status_code == 200
    assert stored is not None
    assert (stored.size_bytes, stored.etag) == (0, md5(b""))


async def test_signing_with_the_same_date_gives_the_same_url(storage: S3Storage, key: str) -> None:
    signed_at = datetime.now(UTC) - timedelta(minutes=30)

    first = storage.presign_put(key, expires_in=HOUR, signed_at=signed_at)
    second = storage.presign_put(key, expires_in=HOUR, signed_at=signed_at)

    assert first == second
    assert put(first, b"x").status_code == 200


async def test_the_first_object_stays_the_oldest_version(storage: S3Storage, key: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    url = storage.presign_put(key, expires_in=HOUR)
    for data in (b"first", b"second!", b"third!!!"):
        put(url, data)

    versions = await storage.list_versions(key)
    oldest = await storage.oldest_version(key)

    assert [version.size_bytes for version in versions] == [5, 7, 8]
    assert oldest == versions[0]
    assert before <= oldest.last_modified <= datetime.now(UTC) + timedelta(seconds=1)


async def test_versions_are_those_of_exactly_that_key(storage: S3Storage, key: str) -> None:
    for name in (key, f"{key}0", f"{key}/below", key[:-1]):
        put(storage.presign_put(name, expires_in=HOUR), name.encode())

    versions = await storage.list_versions(key)

    assert [version.key for version in versions] == [key]
    assert await storage.oldest_version(key + "/none") is None


async def test_a_delete_marker_is_no_version(
    storage: S3Storage, minio_sdk: Minio, storage_address: StorageAddress, key: str
) -> None:
    stored = await storage.put_stream(key, chunks_of(b"kept"), content_type="text/csv")
    minio_sdk.remove_object(storage_address.bucket, key)

    assert await storage.list_versions(key) == [stored]
    assert [found async for found in storage.list_objects(key)] == []


async def test_a_hidden_object_keeps_its_bytes(storage: S3Storage, key: str) -> None:
    stored = await storage.put_stream(key, chunks_of(b"kept"), content_type="text/csv")

    await storage.hide_object(key)

    assert [found async for found in storage.list_objects(key)] == []
    read = await storage.read_range(
        key, version_id=stored.version_id, offset_bytes=0, length_bytes=9
    )
    assert read == b"kept"


async def test_objects_are_listed_newest_version_only_in_key_order(
    storage: S3Storage, key: str
) -> None:
    for name, data in (("b", b"1"), ("a/x", b"2"), ("a-", b"3"), ("a", b"4"), ("b", b"new")):
        put(storage.presign_put(f"{key}/{name}", expires_in=HOUR), data)

    found = [item async for item in storage.list_objects(f"{key}/")]

    names = [item.key.removeprefix(f"{key}/") for item in found]
    assert names == sorted(names)
    assert [item.size_bytes for item in found if item.key == f"{key}/b"] == [3]
    assert all(item.version_id for item in found)


async def test_a_range_is_cut_at_the_end_of_the_object(storage: S3Storage, key: str) -> None:
    stored = await storage.put_stream(key, chunks_of(b"0123456789"), content_type="text/csv")
    version_id = stored.version_id

    async def read(offset: int, length: int) -> bytes:
        return await storage.read_range(
            key, version_id=version_id, offset_bytes=offset, length_bytes=length
        )

    assert await read(0, 4) == b"0123"
    assert await read(8, 100) == b"89"
    assert await read(10, 1) == b""
    assert await read(3, 0) == b""


async def test_reading_what_is_not_there_is_told_apart_from_an_outage(
    storage: S3Storage, key: str
) -> None:
    stored = await storage.put_stream(key, chunks_of(b"x"), content_type="text/csv")
    await storage.remove_version(key, stored.version_id)

    with pytest.raises(ObjectMissing):
        await storage.read_range(key, version_id=stored.version_id, offset_bytes=0, length_bytes=1)


async def test_removing_a_version_twice_is_fine(storage: S3Storage, key: str) -> None:
    first = await storage.put_stream(key, chunks_of(b"1"), content_type="text/csv")
    second = await storage.put_stream(key, chunks_of(b"2"), content_type="text/csv")

    await storage.remove_version(key, first.version_id)
    await storage.remove_version(key, first.version_id)

    assert await storage.list_versions(key) == [second]


async def test_a_url_of_a_version_reads_it_whatever_comes_later(
    storage: S3Storage, minio_sdk: Minio, storage_address: StorageAddress, key: str
) -> None:
    first = await storage.put_stream(key, chunks_of(b"first"), content_type="text/csv")
    url = storage.presign_get(key, version_id=first.version_id, expires_in=HOUR, public=False)
    await storage.put_stream(key, chunks_of(b"2"), content_type="text/csv")
    minio_sdk.remove_object(storage_address.bucket, key)

    whole, part = fetch(url), fetch(url, range="bytes=-3")

    assert (whole.status_code, whole.content) == (200, b"first")
    assert (part.status_code, part.content) == (206, b"rst")
    assert part.headers["content-range"] == "bytes 2-4/5"


async def test_a_download_carries_the_headers_that_were_signed(
    storage: S3Storage, key: str
) -> None:
    await storage.put_stream(key, chunks_of(b"x"), content_type="text/csv")
    disposition = 'attachment; filename="rejected rows.csv"'

    answer = fetch(
        storage.presign_get(
            key,
            version_id=None,
            expires_in=HOUR,
            public=True,
            response_headers={"response-content-disposition": disposition},
        )
    )

    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["content-type"] == "text/csv"


@pytest.mark.parametrize("size", [0, 1, 16 * MIB, 16 * MIB + 1])
async def test_a_stream_of_any_length_is_stored(storage: S3Storage, key: str, size: int) -> None:
    data = b"\x07" * size

    stored = await storage.put_stream(key, chunks_of(data), content_type="text/csv")

    read = await storage.read_range(
        key, version_id=stored.version_id, offset_bytes=max(0, size - 3), length_bytes=10
    )
    assert stored.size_bytes == size
    assert read == data[-3:]
    assert await storage.oldest_version(key) == stored


async def test_a_stream_that_breaks_off_leaves_nothing(storage: S3Storage, key: str) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"x" * (17 * MIB)
        message = "the source is gone"
        raise OSError(message)

    with pytest.raises(OSError, match="the source is gone"):
        await storage.put_stream(key, breaking(), content_type="text/csv")

    assert await storage.list_versions(key) == []


async def test_parts_put_to_their_urls_become_one_object(storage: S3Storage, key: str) -> None:
    upload_id = await storage.create_multipart(key)
    parts = [b"a" * (5 * MIB), b"b" * (5 * MIB), b"c"]
    for number, part in enumerate(parts, start=1):
        put(
            storage.presign_part(key, multipart_id=upload_id, part_number=number, expires_in=HOUR),
            part,
        )

    listed = await storage.list_parts(key, upload_id)
    stored = await storage.complete_multipart(key, upload_id, listed)

    assert listed == [
        UploadedPart(number, md5(part), len(part)) for number, part in enumerate(parts, start=1)
    ]
    assert stored.size_bytes == 10 * MIB + 1
    assert stored.etag.endswith("-3")
    read = await storage.read_range(
        key, version_id=stored.version_id, offset_bytes=5 * MIB - 1, length_bytes=3
    )
    assert read == b"abb"


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([UploadedPart(1, "0" * 32, 3)], id="of another ETag"),
        pytest.param([UploadedPart(9, md5(b"abc"), 3)], id="that never arrived"),
        pytest.param(
            [UploadedPart(1, md5(b"abc"), 3), UploadedPart(2, md5(b"abc"), 3)], id="too small"
        ),
    ],
)
async def test_parts_that_do_not_fit_are_refused(
    storage: S3Storage, key: str, parts: list[UploadedPart]
) -> None:
    upload_id = await storage.create_multipart(key)
    for number in (1, 2):
        url = storage.presign_part(key, multipart_id=upload_id, part_number=number, expires_in=HOUR)
        put(url, b"abc")

    with pytest.raises(PartsRefused):
        await storage.complete_multipart(key, upload_id, parts)


async def test_an_aborted_upload_is_gone(storage: S3Storage, key: str) -> None:
    upload_id = await storage.create_multipart(key)
    put(storage.presign_part(key, multipart_id=upload_id, part_number=1, expires_in=HOUR), b"abc")

    await storage.abort_multipart(key, upload_id)
    await storage.abort_multipart(key, upload_id)

    with pytest.raises(ObjectMissing):
        await storage.complete_multipart(key, upload_id, [UploadedPart(1, md5(b"abc"), 3)])
    with pytest.raises(ObjectMissing):
        await storage.list_parts(key, upload_id)


async def test_a_url_is_good_for_its_method_key_and_time_only(storage: S3Storage, key: str) -> None:
    url = storage.presign_put(key, expires_in=HOUR)
    expired = storage.presign_put(
        key, expires_in=timedelta(minutes=5), signed_at=datetime.now(UTC) - HOUR
    )

    refused = [
        fetch(url),
        fetch(url, "DELETE"),
        put(url.replace("incoming", "outgoing"), b"x"),
        put(url + "&versionId=1", b"x"),
        put(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999"), b"x"),
        put(expired, b"x"),
        put(url.partition("?")[0], b"x"),
    ]

    assert [answer.status_code for answer in refused] == [403] * 7
    assert await storage.list_versions(key) == []


async def test_a_store_that_is_down_is_noticed(key: str) -> None:
    storage = S3Storage(
        internal_url="http://127.0.0.1:9",
        public_url="http://127.0.0.1:9",
        bucket="tallydock",
        region="us-east-1",
        access_key="key",
        secret_key="secret",
    )

    with pytest.raises(StorageUnavailable):
        await storage.ping()

    storage.close()
