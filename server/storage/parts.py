"""Cuts a stream of chunks into the parts of an upload; memory is bounded by one part.

Comes before `s3/`, which sends each part.
"""

from collections.abc import AsyncIterator

# 16 MiB: the memory of one upload; 10 000 parts of it are 156 GiB, far over what is stored.
PART_BYTES = 16 * 2**20


async def in_parts(
    chunks: AsyncIterator[bytes], part_bytes: int = PART_BYTES
) -> AsyncIterator[bytes]:
    """Yield parts of exactly part_bytes, then one shorter, possibly empty, last part.

    Args:
        chunks: the bytes, in pieces of any size, each small beside part_bytes.
        part_bytes: length of all parts but the last, in bytes.
    """
    part = bytearray()
    async for chunk in chunks:
        part += chunk
        while len(part) >= part_bytes:
            yield bytes(part[:part_bytes])
            del part[:part_bytes]
    yield bytes(part)
