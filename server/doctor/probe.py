"""A small object that the doctor stores for a moment, to see what becomes of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from server.parts import Parts
from server.storage.interface import ObjectVersion
from server.storage.keys import probe_key

LINES: Final = 3
"""What it holds, in lines."""
_TIDYING_SECONDS: Final = 5


@asynccontextmanager
async def probe(parts: Parts, *, is_announced: bool = False) -> AsyncIterator[ObjectVersion]:
    """Give a small object, which is removed again, also when the check is given up half-way.

    What even that leaves behind (the store went away, the process was killed) stands under a prefix
    of its own, which the reconciler empties.

    Args:
        parts: whose store it is.
        is_announced: whether the server is to note that the store has told it of this one.
    """

    async def content() -> AsyncIterator[bytes]:
        yield b"probe\n" * LINES

    key = probe_key(uuid4().hex, is_announced=is_announced)
    putting = asyncio.ensure_future(
        parts.storage.put_stream(key, content(), content_type="text/plain")
    )
    try:
        # The SDK's thread cannot be stopped: who waits no more must not forget what it stores.
        yield await asyncio.shield(putting)
    finally:
        async with asyncio.timeout(_TIDYING_SECONDS):
            await asyncio.gather(putting, return_exceptions=True)
            for version in await parts.storage.list_versions(key):
                await parts.storage.remove_version(key, version.version_id)
