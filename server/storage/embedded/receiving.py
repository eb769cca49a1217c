"""How bytes become a file: hashed and written in threads, a batch at a time, then flushed.

Comes after the framing was taken off (`chunked.py`) and before `Disk.commit`. The event loop only
hands batches over, so one upload does not delay another, and memory is two batches a request.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from server.storage.embedded.chunked import STREAMING_FORMS, ChunkedBody
from server.storage.embedded.digests import Digests
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.request import S3Request
from server.storage.embedded.signature import UNSIGNED_PAYLOAD, Authorization

T = TypeVar("T")

# 1 MiB: large enough that handing over costs nothing, small enough for many uploads at once.
_BATCH_BYTES = 2**20
# Requests whose disk work may run at once; each holds a thread for one batch only.
_THREADS = 16
_SHA256_HEX_LENGTH = 64
# An upload never takes the last of a disk: the database and the engine beside it write too, and the
# engine was seen to lose what it wrote to a disk that is full to the last byte.
_KEPT_FREE_BYTES = 256 * 2**20


class Threads:
    """The threads that do the store's work on the disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="embedded-store")

    async def run(self, call: Callable[[], T]) -> T:
        """Return what call returns, made in a thread; when cancelled, end after the thread did."""
        calling = asyncio.get_running_loop().run_in_executor(self._pool, call)
        try:
            return await asyncio.shield(calling)
        except asyncio.CancelledError:
            # A thread cannot be stopped: were its file closed now, its next write could go to
            # another file that got the same number.
            await asyncio.wait([calling])
            raise

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@dataclass(frozen=True)
class Received:
    """A body that is on the disk, checked and flushed."""

    size_bytes: int
    etag: str


async def receive_body(
    request: S3Request,
    authorization: Authorization,
    into: Path,
    *,
    max_bytes: int,
    threads: Threads,
) -> Received:
    """Write the request's body to a new file and return what it is.

    Args:
        request: a PUT, its body not yet read.
        authorization: what its signature vouches for.
        into: the file to write, in a staged folder; the caller removes it when this raises.
        max_bytes: the longest body that is taken.
        threads: where hashing and writing happen.

    Raises:
        S3Fault: EntityTooLarge before anything is read where the length is announced, else as
            soon as it is exceeded; IncompleteBody, BadDigest and the like.
        ClientGone: the client went away.
    """
    payload_hash = _payload_hash(request, authorization)
    announced = _announced_length(request, payload_hash)
    if announced is not None and announced > max_bytes:
        raise S3Fault(Code.ENTITY_TOO_LARGE)
    digests = Digests(request.headers, signed_hash=payload_hash)
    pieces = request.body()
    trailers: Mapping[str, str] = {}
    if payload_hash in STREAMING_FORMS:
        chunked = ChunkedBody(authorization)
        pieces, trailers = chunked.decoded(pieces), chunked.trailers
    file = await threads.run(lambda: into.open("xb", buffering=0))
    try:
        await threads.run(lambda: _check_room(file.fileno(), announced or 0))
        size = await _write(pieces, file.fileno(), digests, max_bytes=max_bytes, threads=threads)
        if announced is not None and size != announced:
            raise S3Fault(Code.INCOMPLETE_BODY)
        etag = digests.check(trailers)
        await threads.run(lambda: os.fsync(file.fileno()))
    finally:
        file.close()
    return Received(size, etag)


async def _write(
    pieces: AsyncIterator[bytes],
    descriptor: int,
    digests: Digests,
    *,
    max_bytes: int,
    threads: Threads,
) -> int:
    size = gathered = 0
    batch: list[bytes] = []
    writing: asyncio.Task[None] | None = None

    def start(full: list[bytes]) -> asyncio.Task[None]:
        return asyncio.create_task(threads.run(lambda: _hash_and_write(full, descriptor, digests)))

    try:
        async for piece in pieces:
            size += len(piece)
            gathered += len(piece)
            if size > max_bytes:
                raise S3Fault(Code.ENTITY_TOO_LARGE)
            batch.append(piece)
            if gathered >= _BATCH_BYTES:
                # One batch is written while the next arrives.
                if writing is not None:
                    await writing
                writing = start(batch)
                batch, gathered = [], 0
        if writing is not None:
            await writing
        writing = start(batch)
    finally:
        # The file may not be closed while a thread still writes to it.
        if writing is not None:
            await asyncio.gather(writing, return_exceptions=True)
    writing.result()
    return size


def _check_room(descriptor: int, size_bytes: int) -> None:
    disk = os.fstatvfs(descriptor)
    if disk.f_bavail * disk.f_frsize < size_bytes + _KEPT_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _hash_and_write(batch: list[bytes], descriptor: int, digests: Digests) -> None:
    _check_room(descriptor, 0)
    for piece in batch:
        digests.update(piece)
        left = memoryview(piece)
        while left:
            left = left[os.write(descriptor, left) :]


def _payload_hash(request: S3Request, authorization: Authorization) -> str:
    signed = authorization.payload_hash
    claimed = request.headers.get("x-amz-content-sha256", signed)
    if claimed != signed:
        # A presigned URL does not vouch for the header: it may ask for a check of the bytes, but
        # not change how they are read.
        if signed != UNSIGNED_PAYLOAD or len(claimed) != _SHA256_HEX_LENGTH:
            raise S3Fault(Code.INVALID_ARGUMENT, "x-amz-content-sha256 is not what was signed.")
        return claimed
    if len(signed) == _SHA256_HEX_LENGTH or signed == UNSIGNED_PAYLOAD or signed in STREAMING_FORMS:
        return signed
    raise S3Fault(Code.NOT_IMPLEMENTED, "This form of x-amz-content-sha256 is not supported.")


def _announced_length(request: S3Request, payload_hash: str) -> int | None:
    if payload_hash not in STREAMING_FORMS:
        return request.content_length
    decoded = request.headers.get("x-amz-decoded-content-length", "")
    if not (decoded.isascii() and decoded.isdigit()):
        raise S3Fault(Code.MISSING_CONTENT_LENGTH)
    return int(decoded)
