"""Multipart uploads, ours and our clients'.

The SDK has their calls only under private names; it is pinned below 8 for them.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO

from minio.datatypes import Part

from server.errors import ObjectMissing
from server.storage.interface import BegunUpload, ObjectVersion, UploadedPart
from server.storage.parts import PART_BYTES, in_parts
from server.storage.s3.versions import Versions


class Multipart(Versions):
    """Objects that are written in parts."""

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
            lambda: self._internal._complete_multipart_upload(  # noqa: SLF001 - see above
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
                lambda: self._internal._abort_multipart_upload(  # noqa: SLF001 - see above
                    self._bucket, key, multipart_id
                )
            )
        except ObjectMissing:
            return

    def _create_multipart(self, key: str, content_type: str) -> str:
        return self._internal._create_multipart_upload(  # noqa: SLF001
            self._bucket, key, {"Content-Type": content_type}
        )

    async def _send_part(
        self, key: str, multipart_id: str, number: int, part: bytes
    ) -> UploadedPart:
        etag = await self._run(
            lambda: self._internal._upload_part(  # noqa: SLF001 - see above
                self._bucket, key, part, None, multipart_id, number
            )
        )
        return UploadedPart(number, etag, len(part))

    def _list_parts(self, key: str, multipart_id: str) -> list[UploadedPart]:
        parts: list[UploadedPart] = []
        marker: str | None = None
        while True:
            page = self._internal._list_parts(  # noqa: SLF001 - see above
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
        page = self._internal._list_multipart_uploads(self._bucket)  # noqa: SLF001 - see above
        return [
            BegunUpload(upload.object_name, upload.upload_id, upload.initiated_time)
            for upload in page.uploads
            if upload.object_name and upload.upload_id and upload.initiated_time
        ]
