"""Turns UTF-16 and CP1252 text into UTF-8, as a derived object: ClickHouse reads UTF-8 only.

One of the few places where bytes pass through Python, in chunks.
"""

import codecs
from collections.abc import AsyncIterator

from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from server.storage.interface import ObjectVersion
from server.storage.keys import derived_key
from worker.context import Context
from worker.ingest.pinned import chunks

_CHUNK_BYTES = 4 * 2**20
# Larger exports exist as UTF-8; a limit keeps one file from occupying Python for minutes.
_MOST_BYTES = 2**30


async def transcode(context: Context, claim: Claim, encoding: str) -> ObjectVersion:
    """Return the derived object, which holds the same text as UTF-8.

    Raises:
        FileFailed: encoding-error, at the byte that is not of that encoding; object-changed.
        StorageUnavailable: the store did not answer.
    """
    if claim.size_bytes > _MOST_BYTES:
        detail = f"{encoding} is taken up to {_MOST_BYTES} bytes; export the file as UTF-8."
        raise FileFailed(FailureCode.ENCODING_ERROR, detail)
    key = derived_key(claim.workspace_id, str(claim.file_id), claim.attempt)
    chunks = _as_utf8(context, claim, encoding)
    return await context.storage.put_stream(key, chunks, content_type="text/csv; charset=utf-8")


async def _as_utf8(context: Context, claim: Claim, encoding: str) -> AsyncIterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset = 0
    async for chunk in chunks(context, claim, _CHUNK_BYTES):
        is_last = offset + _CHUNK_BYTES >= claim.size_bytes
        try:
            text = decoder.decode(chunk, final=is_last)
        except UnicodeDecodeError as fault:
            at = offset + fault.start
            detail = f"The byte near offset {at} is not {encoding}."
            raise FileFailed(FailureCode.ENCODING_ERROR, detail, byte_offset=at) from fault
        yield (text.removeprefix("\ufeff") if offset == 0 else text).encode()
        offset += len(chunk)
