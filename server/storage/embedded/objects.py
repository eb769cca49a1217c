"""The calls on one object: PUT, copy, GET, HEAD, DELETE."""

from urllib.parse import unquote

from server.storage.embedded import xml
from server.storage.embedded.answers import Answer, http_date, xml_answer
from server.storage.embedded.disk import About, Disk, Version, part_name
from server.storage.embedded.events import Events
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.receiving import Threads, receive_body
from server.storage.embedded.request import S3Request
from server.storage.embedded.sending import ObjectReader, read_span
from server.storage.embedded.signature import Authorization

_KEPT_HEADERS = (
    "content-type",
    "content-disposition",
    "content-encoding",
    "content-language",
    "cache-control",
    "expires",
)
# The portal may share this origin: whatever type an uploader gave the object, a browser that opens
# it must not run it.
_INERT = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
}
# S3's own limit on x-amz-meta-…, names and values together.
_MAX_METADATA_BYTES = 2048


class Objects:
    """Answers the calls on objects."""

    def __init__(
        self, disk: Disk, threads: Threads, events: Events, bucket: str, max_object_bytes: int
    ) -> None:
        self._disk = disk
        self._threads = threads
        self._events = events
        self._bucket = bucket
        self._max_object_bytes = max_object_bytes

    async def put(self, request: S3Request, authorization: Authorization) -> Answer:
        """Store the body as a new version; the answer is sent when it is on the disk."""
        only_if_absent = _only_if_absent(request)
        headers = kept_headers(request)
        staged = await self._threads.run(self._disk.stage)
        try:
            received = await receive_body(
                request,
                authorization,
                staged / part_name(1),
                max_bytes=self._max_object_bytes,
                threads=self._threads,
            )
            about = About(request.key, received.etag, (received.size_bytes,), headers)
            version = await self._threads.run(
                lambda: self._disk.commit(staged, about, only_if_absent=only_if_absent)
            )
        finally:
            # After a commit there is nothing left at this path.
            await self._threads.run(lambda: self._disk.discard(staged))
        self._events.object_created(version, "Put")
        return Answer(
            headers={"etag": f'"{version.about.etag}"', "x-amz-version-id": version.version_id}
        )

    async def copy(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Store a copy of another object; the bytes are shared on the disk, not copied."""
        source = request.headers["x-amz-copy-source"]
        path, _, version_id = source.partition("?versionId=")
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        if bucket != self._bucket:
            raise S3Fault(Code.NO_SUCH_BUCKET)
        headers = None
        if request.headers.get("x-amz-metadata-directive") == "REPLACE":
            headers = kept_headers(request)
        version = await self._threads.run(lambda: self._copy(request.key, key, version_id, headers))
        self._events.object_created(version, "Copy")
        return Answer(
            headers={"content-type": "application/xml", "x-amz-version-id": version.version_id},
            body=xml.document(
                "CopyObjectResult",
                xml.text("ETag", f'"{version.about.etag}"'),
                xml.text("LastModified", xml.moment(version.last_modified)),
            ),
        )

    async def get(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Send a version's bytes, or a range of them."""
        return await self._threads.run(lambda: self._read(request))

    async def delete(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Remove one version for good, or put a delete marker on top. Idempotent."""
        version_id = request.query.get("versionId", "")
        removed = await self._threads.run(lambda: delete_one(self._disk, request.key, version_id))
        headers = {"x-amz-version-id": removed.version_id} if removed else {}
        if removed and removed.about.is_delete_marker:
            headers["x-amz-delete-marker"] = "true"
        return Answer(204, headers)

    async def get_tagging(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Answer that the object has no tags; it never has."""
        await self._threads.run(lambda: find(self._disk, request))
        return xml_answer(xml.document("Tagging", xml.group("TagSet")))

    def _copy(
        self, key: str, source_key: str, version_id: str, headers: dict[str, str] | None
    ) -> Version:
        source = find_version(self._disk, source_key, version_id)
        with self._disk.staging() as staged:
            for number in range(1, len(source.about.part_sizes) + 1):
                (staged / part_name(number)).hardlink_to(source.folder / part_name(number))
            about = About(
                key,
                source.about.etag,
                source.about.part_sizes,
                source.about.headers if headers is None else headers,
            )
            return self._disk.commit(staged, about)

    def _read(self, request: S3Request) -> Answer:
        version = find(self._disk, request)
        about = version.about
        headers = {
            "accept-ranges": "bytes",
            "etag": f'"{about.etag}"',
            "last-modified": http_date(version.last_modified),
            "x-amz-version-id": version.version_id,
            **_INERT,
            **about.headers,
        }
        for name, value in request.query_pairs:
            if name.startswith("response-") and name.removeprefix("response-") in _KEPT_HEADERS:
                headers[name.removeprefix("response-")] = _header_value(value)
        if _is_unchanged(request, about.etag):
            return Answer(304, headers)
        span = read_span(request.headers.get("range"), about.size_bytes)
        start, length = span or (0, about.size_bytes)
        if span:
            headers["content-range"] = f"bytes {start}-{start + length - 1}/{about.size_bytes}"
        status = 206 if span else 200
        if request.method == "HEAD" or not length:
            return Answer(status, headers, length=length)
        return Answer(status, headers, reader=ObjectReader(version, start), length=length)


def delete_one(disk: Disk, key: str, version_id: str) -> Version | None:
    """Remove a version, or put a delete marker on top when version_id is empty; return it."""
    if version_id:
        return disk.remove(key, version_id)
    with disk.staging() as staged:
        return disk.commit(staged, About(key, is_delete_marker=True))


def find(disk: Disk, request: S3Request) -> Version:
    """Return the version a GET or HEAD is about."""
    return find_version(disk, request.key, request.query.get("versionId", ""))


def find_version(disk: Disk, key: str, version_id: str) -> Version:
    """Return a version of a key, the newest when version_id is empty.

    Raises:
        S3Fault: NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker by its id.
    """
    version = disk.version(key, version_id) if version_id else disk.newest(key)
    if version is None:
        raise S3Fault(Code.NO_SUCH_VERSION if version_id else Code.NO_SUCH_KEY)
    if version.about.is_delete_marker:
        headers = {"x-amz-delete-marker": "true", "x-amz-version-id": version.version_id}
        raise S3Fault(Code.METHOD_NOT_ALLOWED if version_id else Code.NO_SUCH_KEY, headers=headers)
    return version


def kept_headers(request: S3Request) -> dict[str, str]:
    """Return the headers of a PUT that belong to the object.

    Raises:
        S3Fault: InvalidArgument, when there is too much metadata.
    """
    kept = {name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}
    metadata = {n: v for n, v in request.headers.items() if n.startswith("x-amz-meta-")}
    if sum(len(name) + len(value) for name, value in metadata.items()) > _MAX_METADATA_BYTES:
        raise S3Fault(Code.INVALID_ARGUMENT, "There is too much metadata.")
    if encoding := kept.get("content-encoding"):
        # aws-chunked is how the body travelled, not what the object is.
        words = [word.strip() for word in encoding.split(",") if word.strip() != "aws-chunked"]
        kept["content-encoding"] = ",".join(words)
        if not words:
            del kept["content-encoding"]
    return {"content-type": "binary/octet-stream"} | kept | metadata


def _only_if_absent(request: S3Request) -> bool:
    condition = request.headers.get("if-none-match")
    if condition not in (None, "*") or "if-match" in request.headers:
        raise S3Fault(Code.NOT_IMPLEMENTED, "A PUT knows only the condition If-None-Match: *.")
    return condition == "*"


def _is_unchanged(request: S3Request, etag: str) -> bool:
    """Return whether the reader has it already (304).

    Raises:
        S3Fault: PreconditionFailed, when If-Match names another ETag.
    """
    wanted, known = request.headers.get("if-match"), request.headers.get("if-none-match")
    if wanted is not None and not _names_etag(wanted, etag):
        raise S3Fault(Code.PRECONDITION_FAILED)
    return known is not None and _names_etag(known, etag)


def _names_etag(header: str, etag: str) -> bool:
    return any(word.strip().strip('"') in ("*", etag) for word in header.split(","))


def _header_value(text: str) -> str:
    if any(ord(letter) < 32 or ord(letter) in range(127, 160) for letter in text):  # noqa: PLR2004
        raise S3Fault(Code.INVALID_ARGUMENT, "A response header holds control characters.")
    return text.encode().decode("latin-1")
