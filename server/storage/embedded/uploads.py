"""The calls of a multipart upload: create, put a part, list, complete, abort."""

from server.storage.embedded import xml
from server.storage.embedded.answers import Answer, xml_answer
from server.storage.embedded.disk import Disk, part_name
from server.storage.embedded.events import Events
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.multipart import MAX_PARTS, Uploads
from server.storage.embedded.objects import kept_headers
from server.storage.embedded.receiving import Threads, receive_body
from server.storage.embedded.request import S3Request
from server.storage.embedded.signature import Authorization

_PAGE = 1000


class MultipartCalls:
    """Answers the calls of multipart uploads."""

    def __init__(
        self, disk: Disk, threads: Threads, events: Events, bucket: str, max_object_bytes: int
    ) -> None:
        self._disk = disk
        self._uploads = Uploads(disk, max_object_bytes=max_object_bytes)
        self._threads = threads
        self._events = events
        self._bucket = bucket
        self._max_object_bytes = max_object_bytes

    async def create(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Begin an upload."""
        headers = kept_headers(request)
        upload_id = await self._threads.run(lambda: self._uploads.create(request.key, headers))
        return xml_answer(
            xml.document(
                "InitiateMultipartUploadResult",
                xml.text("Bucket", self._bucket),
                xml.text("Key", request.key),
                xml.text("UploadId", upload_id),
            )
        )

    async def put_part(self, request: S3Request, authorization: Authorization) -> Answer:
        """Store the body as a part."""
        number = _number(request.query.get("partNumber", ""), 1, MAX_PARTS)
        upload_id = request.query["uploadId"]
        upload = await self._threads.run(lambda: self._uploads.find(request.key, upload_id))
        staged = await self._threads.run(self._disk.stage)
        try:
            received = await receive_body(
                request,
                authorization,
                staged / part_name(number),
                max_bytes=self._max_object_bytes,
                threads=self._threads,
            )
            await self._threads.run(
                lambda: self._uploads.put_part(
                    upload, number, staged / part_name(number), received.etag
                )
            )
        finally:
            await self._threads.run(lambda: self._disk.discard(staged))
        return Answer(headers={"etag": f'"{received.etag}"'})

    async def list_parts(self, request: S3Request, _authorization: Authorization) -> Answer:
        """List the parts that have arrived."""
        query = request.query
        marker = _number(query.get("part-number-marker", "") or "0", 0, MAX_PARTS)
        limit = min(_number(query.get("max-parts", "") or str(_PAGE), 0, 2**31), _PAGE)
        upload = await self._threads.run(lambda: self._uploads.find(request.key, query["uploadId"]))
        parts = await self._threads.run(lambda: self._uploads.parts(upload))
        parts = [part for part in parts if part.number > marker]
        page = parts[:limit]
        content = [
            xml.text("Bucket", self._bucket),
            xml.text("Key", upload.key),
            xml.text("UploadId", upload.upload_id),
            xml.text("PartNumberMarker", marker),
            xml.text("NextPartNumberMarker", page[-1].number if page else marker),
            xml.text("MaxParts", limit),
            xml.text("IsTruncated", len(parts) > len(page)),
        ]
        content += [
            xml.group(
                "Part",
                xml.text("PartNumber", part.number),
                xml.text("LastModified", xml.moment(part.last_modified)),
                xml.text("ETag", f'"{part.etag}"'),
                xml.text("Size", part.size_bytes),
            )
            for part in page
        ]
        return xml_answer(xml.document("ListPartsResult", *content))

    async def list_uploads(self, request: S3Request, _authorization: Authorization) -> Answer:
        """List the uploads that have begun; all of them, on one page."""
        prefix = request.query.get("prefix", "")
        encoding = request.query.get("encoding-type", "")
        uploads = await self._threads.run(lambda: self._uploads.list_all(prefix))
        content = [
            xml.text("Bucket", self._bucket),
            xml.text("Prefix", xml.encode_key(prefix, encoding)),
            xml.text("MaxUploads", max(len(uploads), _PAGE)),
            xml.text("IsTruncated", value=False),
        ]
        if encoding:
            content.append(xml.text("EncodingType", encoding))
        content += [
            xml.group(
                "Upload",
                xml.text("Key", xml.encode_key(upload.key, encoding)),
                xml.text("UploadId", upload.upload_id),
                xml.text("Initiated", xml.moment(upload.initiated)),
            )
            for upload in uploads
        ]
        return xml_answer(xml.document("ListMultipartUploadsResult", *content))

    async def complete(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Make the parts the newest version of the key."""
        document = xml.read(await request.document(), "CompleteMultipartUpload")
        wanted = [
            (
                _number(xml.required(part, "PartNumber"), 1, MAX_PARTS),
                xml.required(part, "ETag").strip('"'),
            )
            for part in document.findall("Part")
        ]
        upload_id = request.query["uploadId"]
        upload = await self._threads.run(lambda: self._uploads.find(request.key, upload_id))
        version = await self._threads.run(lambda: self._uploads.complete(upload, wanted))
        self._events.object_created(version, "CompleteMultipartUpload")
        return Answer(
            headers={"content-type": "application/xml", "x-amz-version-id": version.version_id},
            body=xml.document(
                "CompleteMultipartUploadResult",
                xml.text("Location", f"/{self._bucket}/{xml.encode_key(upload.key, 'url')}"),
                xml.text("Bucket", self._bucket),
                xml.text("Key", upload.key),
                xml.text("ETag", f'"{version.about.etag}"'),
            ),
        )

    async def abort(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Give the upload up and remove its parts."""
        upload_id = request.query["uploadId"]
        upload = await self._threads.run(lambda: self._uploads.find(request.key, upload_id))
        await self._threads.run(lambda: self._uploads.abort(upload))
        return Answer(204)


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise S3Fault(Code.INVALID_ARGUMENT, "A number is missing or out of its range.")
    return int(text)
