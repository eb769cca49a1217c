"""The bucket, and how the SDK is called: its clients, its threads, its errors in our words.

The innermost part of the adapter; `versions.py` reads and signs, `multipart.py` writes in parts.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import InvalidResponseError, S3Error, ServerError
from minio.versioningconfig import VersioningConfig

from server.errors import AdapterError, ObjectMissing, PartsRefused, StorageUnavailable
from server.storage.connections import MAX_CONNECTIONS, connection_pool

T = TypeVar("T")

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "MethodNotAllowed"})
_PARTS_REFUSED = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"})


class Bucket:
    """One bucket at its two addresses; the SDK blocks, so its calls run in threads of ours."""

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

    async def _run(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, call)
        except (S3Error, ServerError, InvalidResponseError, urllib3.exceptions.HTTPError) as error:
            raise _translated(error) from error

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


def _translated(error: Exception) -> AdapterError:
    # Only the code reaches the message: the SDK's own text quotes keys and addresses.
    code = error.code if isinstance(error, S3Error) else type(error).__name__
    if code in _MISSING:
        return ObjectMissing(code)
    if code in _PARTS_REFUSED:
        return PartsRefused(code)
    return StorageUnavailable(code)
