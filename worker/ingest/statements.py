"""Turns camt.053 documents into CSV, as a derived object: ClickHouse reads no XML.

One of the few places where bytes pass through Python, in chunks; parsed by `camt.py`.
"""

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator
from typing import Final, Protocol

from server.datasets.template import csv_text
from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from server.storage.interface import ObjectVersion
from server.storage.keys import derived_key
from worker.context import Context
from worker.ingest.camt import StatementReader
from worker.ingest.camt_rows import LABELS
from worker.ingest.controls import Checked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES: Final = 2**20
# A year of a busy account is some hundred megabytes; a limit keeps Python from being occupied.
_MOST_BYTES: Final = 2**30


class _Unpacking(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


async def turn_statements(
    context: Context, claim: Claim, compression: str | None
) -> tuple[ObjectVersion, tuple[Checked, ...]]:
    """Return the derived object, the statements' bookings as CSV, and what their balances say.

    Raises:
        FileFailed: structure-error, compression-error, too-large, pan-detected.
        StorageUnavailable: the store did not answer.
    """
    key = derived_key(claim.workspace_id, str(claim.file_id), claim.attempt)
    reader = StatementReader()
    chunks = _as_csv(reader, _plain(context, claim, compression))
    kind = "text/csv; charset=utf-8"
    derived = await context.storage.put_stream(key, chunks, content_type=kind)
    return derived, tuple(reader.controls)


async def _as_csv(reader: StatementReader, plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    count = 0
    yield csv_text([LABELS]).encode()
    async for chunk in plain:
        count += len(chunk)
        if count > _MOST_BYTES:
            detail = f"camt.053 is taken up to {_MOST_BYTES} bytes; send the statements one by one."
            raise FileFailed(FailureCode.TOO_LARGE, detail)
        # In a thread: a piece takes a moment, and leases are renewed meanwhile.
        if rows := await asyncio.to_thread(reader.feed, chunk):
            yield csv_text(rows).encode()
    if rows := reader.feed(b"", is_last=True):
        yield csv_text(rows).encode()


async def _plain(context: Context, claim: Claim, compression: str | None) -> AsyncIterator[bytes]:
    unpack: _Unpacking | None = None
    if compression == "gzip":
        unpack = _Gzip()
    elif compression == "zstd":
        unpack = zstd.ZstdDecompressor()
    for offset in range(0, claim.size_bytes, _CHUNK_BYTES):
        chunk = await context.storage.read_range(
            claim.object_key,
            version_id=claim.object_version,
            offset_bytes=offset,
            length_bytes=_CHUNK_BYTES,
        )
        if unpack is None:
            yield chunk
            continue
        try:
            plain = unpack.decompress(chunk, _CHUNK_BYTES)
            while plain:
                yield plain
                plain = b"" if unpack.eof else unpack.decompress(b"", _CHUNK_BYTES)
        except (zlib.error, zstd.ZstdError, EOFError) as fault:
            detail = f"The {compression} data is damaged."
            raise FileFailed(FailureCode.COMPRESSION_ERROR, detail) from fault
    if unpack is not None and not unpack.eof:
        detail = f"The {compression} data ends too early."
        raise FileFailed(FailureCode.COMPRESSION_ERROR, detail)


class _Gzip:
    """zlib's decompressor, which leaves what it did not take to its caller."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
