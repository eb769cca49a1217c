"""Versions of objects: which there are, their bytes, and the URLs that read or write them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from minio.datatypes import Object
from minio.error import S3Error

from server.errors import ObjectMissing
from server.storage.interface import ObjectVersion
from server.storage.s3.rules import Rules

_PAGE = 1000


class Versions(Rules):
    """What can be done with whole objects of the bucket."""

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


def _version(item: Object) -> ObjectVersion:
    return ObjectVersion(
        key=item.object_name or "",
        version_id=item.version_id or "",
        etag=item.etag or "",
        size_bytes=item.size or 0,
        last_modified=item.last_modified or datetime.fromtimestamp(0, UTC),
    )
