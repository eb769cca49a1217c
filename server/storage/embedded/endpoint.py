"""The embedded store as an ASGI application: every request verified, then led to its call.

The same object may be mounted in several places, such as a loopback port of its own and the
bucket's path on the public port: the signature is judged by the Host each request came with.
"""

import errno
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from server.storage.embedded.answers import Answer, fault_answer, send_head
from server.storage.embedded.buckets import Buckets
from server.storage.embedded.disk import Disk
from server.storage.embedded.events import Events, OnEvent
from server.storage.embedded.faults import ClientGone, Code, S3Fault
from server.storage.embedded.objects import Objects
from server.storage.embedded.receiving import Threads
from server.storage.embedded.request import Receive, S3Request, Scope, Send, read_request
from server.storage.embedded.sending import send_bytes
from server.storage.embedded.signature import Authorization, Credentials, verify
from server.storage.embedded.uploads import MultipartCalls

logger = structlog.get_logger(__name__)

Call = Callable[[S3Request, Authorization], Awaitable[Answer]]

# Query parameters that choose a call (S3 says sub-resources). One that is not known here must not
# fall through to the plain call: `PUT ?acl` is no PUT of an object.
_PLAIN = "plain"
_CHOOSING = (
    *("acl", "tagging", "retention", "legal-hold", "torrent", "attributes", "select", "restore"),
    *("uploads", "uploadId", "versions", "versioning", "location", "delete", "policy", "cors"),
    *("lifecycle", "encryption", "notification", "replication", "object-lock", "append"),
)


class EmbeddedStore:
    """A store of one bucket, always versioned, on the local disk."""

    def __init__(
        self,
        root: Path,
        *,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str,
        max_object_bytes: int,
        on_event: OnEvent | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open the store; removes what an interrupted upload left behind.

        Args:
            root: its folder, made when missing; one process at a time may use it.
            bucket: name of the bucket.
            access_key: the one access key.
            secret_key: its secret.
            region: the region that requests must be signed for.
            max_object_bytes: longest object that is taken, in bytes.
            on_event: told of every new object, in the background; see `events.py`.
            clock: gives the time signatures are judged by, aware UTC.
        """
        self._bucket = bucket
        self._credentials = Credentials(access_key, secret_key, region)
        self._clock = clock
        self._threads = Threads()
        self.disk = disk = Disk(root)
        events = Events(bucket, on_event)
        buckets = Buckets(disk, self._threads, bucket, region)
        objects = Objects(disk, self._threads, events, bucket, max_object_bytes)
        uploads = MultipartCalls(disk, self._threads, events, bucket, max_object_bytes)
        self._bucket_calls: dict[tuple[str, str], Call] = {
            ("PUT", _PLAIN): buckets.create,
            ("HEAD", _PLAIN): buckets.head,
            ("GET", _PLAIN): buckets.list_objects,
            ("GET", "versions"): buckets.list_versions,
            ("GET", "location"): buckets.location,
            ("GET", "versioning"): buckets.get_versioning,
            ("PUT", "versioning"): buckets.put_versioning,
            ("POST", "delete"): buckets.delete_many,
            ("GET", "uploads"): uploads.list_uploads,
        }
        self._object_calls: dict[tuple[str, str], Call] = {
            ("PUT", _PLAIN): objects.put,
            ("PUT", "copy"): objects.copy,
            ("GET", _PLAIN): objects.get,
            ("HEAD", _PLAIN): objects.get,
            ("DELETE", _PLAIN): objects.delete,
            ("GET", "tagging"): objects.get_tagging,
            ("POST", "uploads"): uploads.create,
            ("PUT", "uploadId"): uploads.put_part,
            ("GET", "uploadId"): uploads.list_parts,
            ("POST", "uploadId"): uploads.complete,
            ("DELETE", "uploadId"): uploads.abort,
        }

    def close(self) -> None:
        """End the threads; requests after this fail."""
        self._threads.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            message = f"an S3 endpoint does not speak {scope['type']}"
            raise ValueError(message)
        request_id = secrets.token_hex(8).upper()
        try:
            answer = await self._answer(scope, receive, request_id)
        except ClientGone:
            return
        try:
            await send_head(answer, send, request_id=request_id)
            if answer.reader is None:
                await send({"type": "http.response.body", "body": answer.body, "more_body": False})
            else:
                await send_bytes(
                    answer.reader, answer.length, receive=receive, send=send, threads=self._threads
                )
        finally:
            if answer.reader is not None:
                await self._threads.run(answer.reader.close)

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        request = None
        try:
            request = read_request(scope, receive)
            return await self._called(request)
        except S3Fault as fault:
            refused = fault
        except OSError as error:
            refused = _disk_fault(error, request_id)
        if refused.code is Code.REQUEST_TIMEOUT or (request and "expect" in request.headers):
            # A client that waited for "100 Continue" may now keep its body back; what it sends
            # next on this connection must not be taken for that body.
            refused.headers["connection"] = "close"
        return fault_answer(
            refused, method=str(scope["method"]), path=str(scope["path"]), request_id=request_id
        )

    async def _called(self, request: S3Request) -> Answer:
        authorization = verify(request, self._credentials, self._clock())
        if request.bucket != self._bucket:
            # A key pair of one bucket: there is no list of buckets, and no making others.
            raise S3Fault(Code.NO_SUCH_BUCKET if request.bucket else Code.ACCESS_DENIED)
        calls = self._object_calls if request.key else self._bucket_calls
        call = calls.get((request.method, _choice(request)))
        if call is None:
            is_known = request.method in ("GET", "HEAD", "PUT", "POST", "DELETE")
            raise S3Fault(Code.NOT_IMPLEMENTED if is_known else Code.METHOD_NOT_ALLOWED)
        return await call(request, authorization)


def _choice(request: S3Request) -> str:
    query = request.query
    # Part before upload: uploadId alone is a listing, with partNumber the PUT of a part.
    chosen = [name for name in _CHOOSING if name in query]
    if len(chosen) > 1:
        raise S3Fault(Code.INVALID_ARGUMENT, "More than one call is named.")
    if "x-amz-copy-source" in request.headers:
        return "copy" if not chosen else "upload part copy"
    return chosen[0] if chosen else _PLAIN


def _disk_fault(error: OSError, request_id: str) -> S3Fault:
    if error.errno == errno.ENAMETOOLONG:
        return S3Fault(Code.KEY_TOO_LONG_ERROR)
    logger.error("embedded_store.disk_failed", errno=error.errno, s3_request_id=request_id)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return S3Fault(Code.MINIO_STORAGE_FULL)
    return S3Fault(Code.INTERNAL_ERROR)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
