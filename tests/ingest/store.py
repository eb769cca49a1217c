"""A store in memory for tests that look at objects: the few calls the ingest reads with."""

# ruff: noqa: ARG002 - the signatures are the Protocol's

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from server.errors import ObjectMissing
from server.storage.interface import BegunUpload, ObjectVersion, UploadedPart


@dataclass
class MemoryStore:
    """Objects by key and version; held to `server.storage.interface.Storage`."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    reads: list[tuple[int, int]] = field(default_factory=list)
    """(offset, length) of every read, in bytes."""

    async def ensure_bucket(self) -> None:
        """See Storage."""

    async def is_versioned(self) -> bool:
        """Return that it keeps versions."""
        return True

    async def rules(self) -> None:
        """Return that it has no rules."""

    async def announces_objects(self) -> None:
        """Return that it tells nobody."""

    async def ping(self) -> None:
        """See Storage."""

    def presign_put(
        self, key: str, *, expires_in: timedelta, signed_at: datetime | None = None
    ) -> str:
        """See Storage."""
        return f"memory://{key}"

    def presign_get(
        self,
        key: str,
        *,
        version_id: str | None,
        expires_in: timedelta,
        public: bool,
        response_headers: Mapping[str, str] | None = None,
    ) -> str:
        """See Storage."""
        return f"memory://{key}?versionId={version_id}"

    async def list_versions(self, key: str) -> list[ObjectVersion]:
        """See Storage."""
        return [
            self._version(name, version) for name, version in sorted(self.objects) if name == key
        ]

    async def oldest_version(self, key: str) -> ObjectVersion | None:
        """See Storage."""
        return next(iter(await self.list_versions(key)), None)

    async def list_objects(self, prefix: str) -> AsyncIterator[ObjectVersion]:
        """See Storage."""
        newest = {key: version for key, version in sorted(self.objects) if key.startswith(prefix)}
        for key, version in newest.items():
            yield self._version(key, version)

    async def read_range(
        self, key: str, *, version_id: str, offset_bytes: int, length_bytes: int
    ) -> bytes:
        """See Storage."""
        if (key, version_id) not in self.objects:
            raise ObjectMissing
        self.reads.append((offset_bytes, length_bytes))
        return self.objects[key, version_id][offset_bytes : offset_bytes + length_bytes]

    async def remove_version(self, key: str, version_id: str) -> None:
        """See Storage."""
        self.objects.pop((key, version_id), None)

    async def hide_object(self, key: str) -> None:
        """See Storage."""
        raise NotImplementedError

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str
    ) -> ObjectVersion:
        """See Storage."""
        version = str(len(self.objects) + 1)
        self.objects[key, version] = b"".join([chunk async for chunk in chunks])
        return self._version(key, version)

    async def create_multipart(self, key: str) -> str:
        """See Storage."""
        raise NotImplementedError

    def presign_part(
        self,
        key: str,
        *,
        multipart_id: str,
        part_number: int,
        expires_in: timedelta,
        signed_at: datetime | None = None,
    ) -> str:
        """See Storage."""
        raise NotImplementedError

    async def list_parts(self, key: str, multipart_id: str) -> list[UploadedPart]:
        """See Storage."""
        raise NotImplementedError

    async def complete_multipart(
        self, key: str, multipart_id: str, parts: list[UploadedPart]
    ) -> ObjectVersion:
        """See Storage."""
        raise NotImplementedError

    async def list_multiparts(self) -> list[BegunUpload]:
        """See Storage."""
        raise NotImplementedError

    async def abort_multipart(self, key: str, multipart_id: str) -> None:
        """See Storage."""

    def _version(self, key: str, version: str) -> ObjectVersion:
        size = len(self.objects[key, version])
        return ObjectVersion(key, version, "etag", size, datetime.now(UTC))
