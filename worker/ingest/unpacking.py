"""Counts what a compressed file unpacks to, and ends it when that is more than it may be.

ClickHouse unpacks what it reads and tells nobody how much that was; a few kilobytes may become
terabytes (gzip a thousandfold, zstd without bound). So the bytes are unpacked once more beside the
load, and thrown away; a file past its limit ends while most of it is unread. Memory stays flat.
"""

import asyncio
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from server.files.claims import Claim
from server.files.unpacked import limit_bytes, unpacks_to_too_much
from server.settings import Settings
from worker.context import Context
from worker.ingest.pinned import chunks

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

T = TypeVar("T")
Unpack = Callable[[bytes], Iterator[int]]
"""Takes the next packed bytes; yields the lengths of what they unpack to, bit by bit."""

_READ_BYTES = 2**20
_UNPACK_BYTES = 4 * 2**20
# The most that one byte of DEFLATE can stand for (RFC 1951: 258 bytes in two bits).
_GZIP_RATIO = 1032


async def beside(context: Context, claim: Claim, compression: str | None, work: Awaitable[T]) -> T:
    """Return what the work returns, unless the file unpacks to too much: then the work is stopped.

    Args:
        context: the store.
        claim: whose object.
        compression: `gzip`, `zstd` or None.
        work: what reads the file meanwhile.

    Raises:
        FileFailed: decompression-limit, object-changed.
        StorageUnavailable, ObjectMissing: an outside system's fault.
    """
    working = asyncio.ensure_future(work)
    if not _may_be_too_much(context.settings, claim, compression):
        return await working
    counting = asyncio.ensure_future(_count(context, claim, compression))
    try:
        await asyncio.wait([working, counting], return_when=asyncio.FIRST_COMPLETED)
        if working.done() and working.exception() is not None:
            return working.result()
        await counting
        return await working
    finally:
        working.cancel()
        counting.cancel()
        # Until the statement has stopped on the server.
        await asyncio.gather(working, counting, return_exceptions=True)


def gzip_lengths() -> Unpack:
    """Return what unpacks gzip, of any number of members."""
    held = [zlib.decompressobj(wbits=31)]

    def unpack(packed: bytes) -> Iterator[int]:
        while packed:
            yield len(held[0].decompress(packed, _UNPACK_BYTES))
            packed = held[0].unused_data if held[0].eof else held[0].unconsumed_tail
            if held[0].eof:
                held[0] = zlib.decompressobj(wbits=31)

    return unpack


def zstd_lengths() -> Unpack:
    """Return what unpacks zstd, of any number of frames."""
    held = [zstd.ZstdDecompressor()]

    def unpack(packed: bytes) -> Iterator[int]:
        while packed or not held[0].needs_input:
            yield len(held[0].decompress(packed, _UNPACK_BYTES))
            packed = held[0].unused_data if held[0].eof else b""
            if held[0].eof:
                held[0] = zstd.ZstdDecompressor()

    return unpack


def _may_be_too_much(settings: Settings, claim: Claim, compression: str | None) -> bool:
    if compression == "gzip":
        return claim.size_bytes * _GZIP_RATIO > limit_bytes(settings, claim.size_bytes)
    return compression is not None


async def _count(context: Context, claim: Claim, compression: str | None) -> None:
    limit, found = limit_bytes(context.settings, claim.size_bytes), 0
    unpack = gzip_lengths() if compression == "gzip" else zstd_lengths()
    async for packed in chunks(context, claim, _READ_BYTES):
        try:
            found = await asyncio.to_thread(_add, found, unpack(packed), limit)
        except (zlib.error, zstd.ZstdError):
            return  # damaged: whoever reads it will tell
        if found > limit:
            raise unpacks_to_too_much(limit)


def _add(found: int, lengths: Iterator[int], limit: int) -> int:
    for length in lengths:
        found += length
        if found > limit:
            break
    return found
