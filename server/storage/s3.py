"""Object storage over the `minio` SDK: the only module that knows it.

Implements `interface.Storage` for every S3-compatible store; the SDK blocks, so its calls run in
a small pool of threads of this adapter. Errors are translated here, once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.datatypes import Object, Part
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.versioningconfig import VersioningConfig

from server.errors import AdapterError, ObjectMissing, PartsRefused, StorageUnavailable
from server.settings import Settings
from server.storage.connections import MAX_CONNECTIONS, connection_pool
from server.storage.interface import BegunUpload, ObjectVersion, UploadedPart
from server.storage.parts import PART_BYTES, in_parts

T = TypeVar("T")

_PAGE = 1000

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "MethodNotAllowed"})
_PARTS_REFUSED = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"})


def from_settings(settings: Settings) -> "S3Storage":
    """Return the storage the settings name; makes no network call."""
    return S3Storage(
        internal_url=settings.storage_internal_url,
        public_url=settings.storage_public_url or settings.base_url,
        bucket=settings.storage_bucket,
        region=settings.storage_region,
        access_key=settings.storage_access_key.get_secret_value(),
        secret_key=settings.storage_secret_key.get_secret_value(),
    )


class S3Storage:
    """The calls of `interface.Storage` against one bucket."""

    def __init__(
        self,
        *,
        internal_url: str,
        public_url: str,
        bucket: str,
        region: str,
        access_key: str,
        secret_key: str,
    ) -> None:
        self._bucket = bucket
        self._pools: list[urllib3.PoolManager] = []
        # The host is part of a signature, so each address needs a client of its own.
        self._internal = self._client(internal_url, region, access_key, secret_key)
        self._public = self._client(public_url, region, access_key, secret_key)
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="storage")

    def close(self) -> None:
        """Close the connections and end the threads."""
        self._threads.shutdown()
        for pool in self._pools:
            pool.clear()

    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing, and switch versioning on. Idempotent."""
        await self._run(self._ensure_bucket)

    async def ping(self) -> None:
        """Return when the store answers and the bucket is there."""
        if not await self._run(lambda: self._internal.bucket_exists(self._bucket)):
            message = "the bucket is missing"
            raise StorageUnavailable(message)

    async def is_versioned(self) -> bool:
        """Return whether the bucket keeps every version."""
        found = await self._run(lambda: self._internal.get_bucket_versioning(self._bucket))
        return found.status == ENABLED

    def presign_put(
        self, key: str, *, expires_in: timedelta, signed_at: datetime | None = None
    ) -> str:
        """Return a URL of the public endpoint that a plain PUT of the bytes can use."""
        return self._public.get_presigned_url(
            "PUT", self._bucket, key, expires=expires_in, request_date=signed_at
        )

    def presign_get(
        self,
        key: str,
        *,
        version_id: str | None,
        expires_in: timedelta,
        public: bool,
        response_headers: Mapping[str, str] | None = None,
    ) -> str:
        """Return a URL that reads exactly that version."""
        return (self._public if public else self._internal).get_presigned_url(
            "GET",
            self._bucket,
            key,
            expires=expires_in,
            version_id=version_id,
            response_headers=dict(response_headers or {}),
        )

    async def list_versions(self, key: str) -> list[ObjectVersion]:
        """Return the versions of exactly this key, oldest first, without delete markers."""
        return await self._run(lambda: self._list_versions(key))

    async def oldest_version(self, key: str) -> ObjectVersion | None:
        """Return the first object that arrived under the key, or None."""
        versions = await self.list_versions(key)
        return versions[0] if versions else None

    async def list_objects(self, prefix: str) -> AsyncIterator[ObjectVersion]:
        """Yield the newest version of every object below prefix, in key order."""
        # The listing of versions, because the plain one tells no version ids.
        found = self._list(prefix)
        while page := await self._run(lambda: list(islice(found, _PAGE))):
            for item in page:
                if item.is_latest == "true" and not item.is_delete_marker:
                    yield _version(item)

    async def read_range(
        self, key: str, *, version_id: str, offset_bytes: int, length_bytes: int
    ) -> bytes:
        """Return at most length_bytes from offset_bytes on."""
        if length_bytes <= 0:
            return b""
        return await self._run(
            lambda: self._read_range(key, version_id, offset_bytes, length_bytes)
        )

    async def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version for good. Idempotent."""
        try:
            await self._run(
                lambda: self._internal.remove_object(self._bucket, key, version_id=version_id)
            )
        except ObjectMissing:
            return

    async def hide_object(self, key: str) -> None:
        """Put a delete marker on the key: plain reads and listings find nothing, the bytes stay."""
        await self._run(lambda: self._internal.remove_object(self._bucket, key))

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str
    ) -> ObjectVersion:
        """Store what chunks yields as a new version; memory is bounded by one part."""
        parts = in_parts(chunks)
        first = await anext(parts)
        if len(first) < PART_BYTES:
            written = await self._run(
                lambda: self._internal.put_object(
                    self._bucket, key, BytesIO(first), len(first), content_type=content_type
                )
            )
            return await self._find(key, written.version_id)
        multipart_id = await self._run(lambda: self._create_multipart(key, content_type))
        try:
            sent = [await self._send_part(key, multipart_id, 1, first)]
            async for part in parts:
                if part:
                    sent.append(await self._send_part(key, multipart_id, len(sent) + 1, part))
            return await self.complete_multipart(key, multipart_id, sent)
        except BaseException:
            await asyncio.shield(self.abort_multipart(key, multipart_id))
            raise

    async def create_multipart(self, key: str) -> str:
        """Return the id of a new multipart upload."""
        return await self._run(lambda: self._create_multipart(key, "application/octet-stream"))

    def presign_part(
        self,
        key: str,
        *,
        multipart_id: str,
        part_number: int,
        expires_in: timedelta,
        signed_at: datetime | None = None,
    ) -> str:
        """Return a public URL to PUT one part with."""
        return self._public.get_presigned_url(
            "PUT",
            self._bucket,
            key,
            expires=expires_in,
            request_date=signed_at,
            extra_query_params={"uploadId": multipart_id, "partNumber": str(part_number)},
        )

    async def list_parts(self, key: str, multipart_id: str) -> list[UploadedPart]:
        """Return the parts that have arrived, by number."""
        return await self._run(lambda: self._list_parts(key, multipart_id))

    async def complete_multipart(
        self, key: str, multipart_id: str, parts: list[UploadedPart]
    ) -> ObjectVersion:
        """Join the parts into the object."""
        joined = [Part(part.part_number, part.etag) for part in parts]
        written = await self._run(
            lambda: self._internal._complete_multipart_upload(  # noqa: SLF001 - see _create_multipart
                self._bucket, key, multipart_id, joined
            )
        )
        return await self._find(key, written.version_id)

    async def list_multiparts(self) -> list[BegunUpload]:
        """Return the multipart uploads under way, as far as the store lists them all."""
        return await self._run(self._list_multiparts)

    async def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Give the multipart upload up. Idempotent."""
        try:
            await self._run(
                lambda: self._internal._abort_multipart_upload(  # noqa: SLF001 - see _create_multipart
                    self._bucket, key, multipart_id
                )
            )
        except ObjectMissing:
            return

    def _ensure_bucket(self) -> None:
        if not self._internal.bucket_exists(self._bucket):
            try:
                self._internal.make_bucket(self._bucket)
            except S3Error as error:
                # Another process of ours was faster.
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise
        if self._internal.get_bucket_versioning(self._bucket).status != ENABLED:
            self._internal.set_bucket_versioning(self._bucket, VersioningConfig(ENABLED))

    def _list(self, prefix: str) -> Iterator[Object]:
        found: Iterator[Object] = self._internal.list_objects(
            self._bucket, prefix=prefix, recursive=True, include_version=True
        )
        return found

    def _list_versions(self, key: str) -> list[ObjectVersion]:
        # The prefix also finds longer keys, but in key order: the key itself comes first. A page
        # holds its delete markers last, so they may not end the search.
        newest_first: list[ObjectVersion] = []
        for item in self._list(key):
            if item.object_name == key and not item.is_delete_marker:
                newest_first.append(_version(item))
            elif item.object_name != key and not item.is_delete_marker:
                break
        oldest_first = newest_first[::-1]
        # The sort is stable: versions of one millisecond keep the order the store lists them in.
        return sorted(oldest_first, key=lambda version: version.last_modified)

    async def _find(self, key: str, version_id: str | None) -> ObjectVersion:
        # From the listing, since only it tells milliseconds.
        for version in await self.list_versions(key):
            if version.version_id == version_id:
                return version
        message = "the version just written is not listed"
        raise ObjectMissing(message)

    def _read_range(self, key: str, version_id: str, offset: int, length: int) -> bytes:
        try:
            response = self._internal.get_object(
                self._bucket, key, offset=offset, length=length, version_id=version_id
            )
        except S3Error as error:
            if error.code == "InvalidRange":
                return b""
            raise
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def _create_multipart(self, key: str, content_type: str) -> str:
        # The SDK has multipart calls only under private names; it is pinned below 8 for them.
        return self._internal._create_multipart_upload(  # noqa: SLF001
            self._bucket, key, {"Content-Type": content_type}
        )

    async def _send_part(
        self, key: str, multipart_id: str, number: int, part: bytes
    ) -> UploadedPart:
        etag = await self._run(
            lambda: self._internal._upload_part(  # noqa: SLF001 - see _create_multipart
                self._bucket, key, part, None, multipart_id, number
            )
        )
        return UploadedPart(number, etag, len(part))

    def _list_parts(self, key: str, multipart_id: str) -> list[UploadedPart]:
        parts: list[UploadedPart] = []
        marker: str | None = None
        while True:
            page = self._internal._list_parts(  # noqa: SLF001 - see _create_multipart
                self._bucket, key, multipart_id, part_number_marker=marker
            )
            parts += [
                UploadedPart(part.part_number, part.etag, part.size or 0) for part in page.parts
            ]
            if not page.is_truncated:
                return parts
            marker = page.next_part_number_marker

    def _list_multiparts(self) -> list[BegunUpload]:
        # One page: who aborts what is stale finds the rest on it next time.
        page = self._internal._list_multipart_uploads(self._bucket)  # noqa: SLF001 - see _create_multipart
        return [
            BegunUpload(upload.object_name, upload.upload_id, upload.initiated_time)
            for upload in page.uploads
            if upload.object_name and upload.upload_id and upload.initiated_time
        ]

    def _client(self, url: str, region: str, access_key: str, secret_key: str) -> Minio:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or address.path.strip("/") or address.query:
            message = "an address of object storage has the form http(s)://host[:port]"
            raise ValueError(message)
        pool = connection_pool()
        self._pools.append(pool)
        # Without a region the SDK would ask the store for it before it signs anything.
        return Minio(
            address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=address.scheme == "https",
            region=region,
            http_client=pool,
        )

    async def _run(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, call)
        except (S3Error, ServerError, InvalidResponseError, urllib3.exceptions.HTTPError) as error:
            raise _translated(error) from error


def _translated(error: Exception) -> AdapterError:
    # Only the code reaches the message: the SDK's own text quotes keys and addresses.
    code = error.code if isinstance(error, S3Error) else type(error).__name__
    if code in _MISSING:
        return ObjectMissing(code)
    if code in _PARTS_REFUSED:
        return PartsRefused(code)
    return StorageUnavailable(code)


def _version(item: Object) -> ObjectVersion:
    return ObjectVersion(
        key=item.object_name or "",
        version_id=item.version_id or "",
        etag=item.etag or "",
        size_bytes=item.size or 0,
        last_modified=item.last_modified or datetime.fromtimestamp(0, UTC),
    )
