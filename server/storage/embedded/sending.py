"""How an object's bytes leave: read in threads, the next megabyte while one is being sent."""

import asyncio
import os
import re
from pathlib import Path

from server.storage.embedded.disk import Version, part_name
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.receiving import Threads
from server.storage.embedded.request import Receive, Send

# 1 MiB: as fast as larger ones on loopback, and two of them are all a download holds.
_CHUNK_BYTES = 2**20
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


class ObjectReader:
    """Reads a version from one place on; the files of a multipart object follow each other."""

    def __init__(self, version: Version, offset: int) -> None:
        self._folder: Path = version.folder
        self._sizes = version.about.part_sizes
        self._number = 1
        while self._number < len(self._sizes) and offset >= self._sizes[self._number - 1]:
            offset -= self._sizes[self._number - 1]
            self._number += 1
        # Opened at once: a version removed while it is being read is read to its end.
        self._descriptor = self._open()
        os.lseek(self._descriptor, offset, os.SEEK_SET)

    def read(self, length: int) -> bytes:
        """Return the next bytes, at most length; empty only at the end."""
        while not (data := os.read(self._descriptor, length)):
            if self._number >= len(self._sizes):
                return b""
            self._number += 1
            os.close(self._descriptor)
            self._descriptor = -1
            self._descriptor = self._open()
        return data

    def close(self) -> None:
        """Close the file that is open."""
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._folder / part_name(self._number), os.O_RDONLY)


def read_span(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Return the first place and the length a Range header asks for, or None for all.

    Args:
        header: the Range header; one of several ranges or of another unit is ignored, as S3 does.
        size_bytes: length of the whole object.

    Raises:
        S3Fault: InvalidRange, when nothing of the object is in it.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size_bytes)
        start = size_bytes - length
    else:
        start = int(first)
        end = min(int(last), size_bytes - 1) if last else size_bytes - 1
        if last and int(last) < start:
            return None
        length = end - start + 1
    if length <= 0:
        raise S3Fault(Code.INVALID_RANGE, headers={"content-range": f"bytes */{size_bytes}"})
    return start, length


async def send_bytes(
    reader: ObjectReader, length: int, *, receive: Receive, send: Send, threads: Threads
) -> None:
    """Send length bytes as the body of an answer that has begun; stop when the client is gone."""
    gone = asyncio.ensure_future(_wait_for_disconnect(receive))
    reading = _read_ahead(reader, length, threads)
    try:
        while length:
            data = await reading
            length -= len(data)
            if not data or gone.done():
                # Cut short, the client sees fewer bytes than announced: never a wrong object.
                return
            if length:
                reading = _read_ahead(reader, length, threads)
            await send({"type": "http.response.body", "body": data, "more_body": length > 0})
    finally:
        gone.cancel()
        # The file may not be closed while a thread still reads from it.
        await asyncio.gather(reading, return_exceptions=True)


def _read_ahead(reader: ObjectReader, left: int, threads: Threads) -> asyncio.Task[bytes]:
    return asyncio.create_task(threads.run(lambda: reader.read(min(left, _CHUNK_BYTES))))


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
