"""Reads bytes of the pinned object, and refuses to take fewer than there have to be.

What was judged must be what arrived: a store that gives less than it announced when the object was
pinned would otherwise make a short file of a long one.
"""

from collections.abc import AsyncIterator

from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from worker.context import Context


async def read_pinned(
    context: Context, claim: Claim, *, offset_bytes: int, length_bytes: int
) -> bytes:
    """Return the bytes from offset, as many as asked for or as there are.

    Raises:
        FileFailed: object-changed.
        StorageUnavailable, ObjectMissing: the store's fault.
    """
    held = await context.storage.read_range(
        claim.object_key,
        version_id=claim.object_version,
        offset_bytes=offset_bytes,
        length_bytes=length_bytes,
    )
    if len(held) != max(min(length_bytes, claim.size_bytes - offset_bytes), 0):
        raise object_changed(claim)
    return held


async def chunks(context: Context, claim: Claim, chunk_bytes: int) -> AsyncIterator[bytes]:
    """Yield the whole object in order; every chunk but the last is of chunk_bytes.

    Raises:
        FileFailed: object-changed.
        StorageUnavailable, ObjectMissing: the store's fault.
    """
    for offset in range(0, claim.size_bytes, chunk_bytes):
        yield await read_pinned(context, claim, offset_bytes=offset, length_bytes=chunk_bytes)


def object_changed(claim: Claim) -> FileFailed:
    """Return the failure of a file whose object is not what was pinned."""
    detail = f"{claim.size_bytes} bytes arrived; the object storage gives another number now."
    return FileFailed(FailureCode.OBJECT_CHANGED, detail)
