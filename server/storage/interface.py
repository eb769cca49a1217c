"""What the house asks of object storage: the few S3 calls every store has, and nothing else.

Comes after the request for an upload (`server/files/service.py` signs a PUT here) and before the
engine reads (`worker/ingest/load.py` signs a GET here). Implemented once, over the `minio` SDK, in
`s3/`; which server stands behind it is a matter of addresses only.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True)
class ObjectVersion:
    """One version of one object, as the store lists it."""

    key: str
    version_id: str
    etag: str
    """Without quotes. The MD5 of the bytes for a single PUT; ends in `-N` for N parts."""
    size_bytes: int
    last_modified: datetime
    """Aware UTC; milliseconds where the store tells them."""


@dataclass(frozen=True)
class UploadedPart:
    """One part of a multipart upload that has arrived."""

    part_number: int
    etag: str
    size_bytes: int


@dataclass(frozen=True)
class Place:
    """Where ClickHouse reads a version. Holds a secret: never logged."""

    function: str
    """The table function: `url` or `file`."""
    address: str
    """Its first argument: a signed URL, or an absolute path."""


class Originals(Protocol):
    """Where ClickHouse finds the bytes of pinned versions."""

    def place(self, key: str, version_id: str, *, expires_in: timedelta) -> Place:
        """Return where to read exactly that version.

        Args:
            key: the object's key.
            version_id: the pinned version.
            expires_in: how long it has to be readable there.
        """


@dataclass(frozen=True)
class BegunUpload:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    multipart_id: str
    initiated_at: datetime
    """Aware UTC."""


@dataclass(frozen=True)
class BucketRule:
    """A rule by which the store itself lets go of something, for keys that begin with prefix."""

    prefix: str
    takes_objects: bool
    """Whether it removes objects or versions of them, or moves them where reading takes hours."""


class Storage(Protocol):
    """The calls; every coroutine raises StorageUnavailable when the store does not answer.

    Signing never makes a network call.
    """

    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing, and switch versioning on. Idempotent."""

    async def ping(self) -> None:
        """Return when the store answers and the bucket is there."""

    async def is_versioned(self) -> bool:
        """Return whether the bucket keeps every version."""

    async def rules(self) -> list[BucketRule] | None:
        """Return the lifecycle rules in force; None when the store has no such thing."""

    async def announces_objects(self) -> bool | None:
        """Return whether the bucket tells somebody of new objects; None when it cannot be asked."""

    def presign_put(
        self, key: str, *, expires_in: timedelta, signed_at: datetime | None = None
    ) -> str:
        """Return a URL of the public endpoint that a plain PUT of the bytes can use.

        Args:
            key: the object's key in the bucket.
            expires_in: life from signed_at, at most 7 days.
            signed_at: the date in the signature, aware UTC; now when None. The same arguments give
                the same URL, so that an answer can be replayed without keeping the URL.
        """

    def presign_get(
        self,
        key: str,
        *,
        version_id: str | None,
        expires_in: timedelta,
        public: bool,
        response_headers: Mapping[str, str] | None = None,
    ) -> str:
        """Return a URL that reads exactly that version.

        Args:
            key: the object's key.
            version_id: the pinned version; None reads the newest.
            expires_in: life from now.
            public: True signs for users' browsers, False for ClickHouse and the worker.
            response_headers: `response-content-disposition` and the like, signed into the URL.
        """

    async def list_versions(self, key: str) -> list[ObjectVersion]:
        """Return the versions of exactly this key, oldest first, without delete markers."""

    async def oldest_version(self, key: str) -> ObjectVersion | None:
        """Return the first object that arrived under the key, or None."""

    def list_objects(self, prefix: str) -> AsyncIterator[ObjectVersion]:
        """Yield the newest version of every object below prefix, in key order."""

    async def read_range(
        self, key: str, *, version_id: str, offset_bytes: int, length_bytes: int
    ) -> bytes:
        """Return at most length_bytes from offset_bytes on.

        Raises:
            ObjectMissing: that version is not in the store.
        """

    async def remove_version(self, key: str, version_id: str) -> None:
        """Remove one version for good. Idempotent."""

    async def hide_object(self, key: str) -> None:
        """Put a delete marker on the key: plain reads and listings find nothing, the bytes stay."""

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str
    ) -> ObjectVersion:
        """Store what chunks yields as a new version; memory is bounded by one part."""

    async def create_multipart(self, key: str) -> str:
        """Return the id of a new multipart upload."""

    def presign_part(
        self,
        key: str,
        *,
        multipart_id: str,
        part_number: int,
        expires_in: timedelta,
        signed_at: datetime | None = None,
    ) -> str:
        """Return a public URL to PUT one part with; its life is told as for presign_put."""

    async def list_parts(self, key: str, multipart_id: str) -> list[UploadedPart]:
        """Return the parts that have arrived, by number."""

    async def complete_multipart(
        self, key: str, multipart_id: str, parts: list[UploadedPart]
    ) -> ObjectVersion:
        """Join the parts into the object.

        Raises:
            ObjectMissing: the multipart upload is not there any more.
            PartsRefused: a part is missing, too small or of another ETag.
        """

    async def list_multiparts(self) -> list[BegunUpload]:
        """Return the multipart uploads under way, as far as the store lists them all."""

    async def abort_multipart(self, key: str, multipart_id: str) -> None:
        """Give the multipart upload up. Idempotent."""
