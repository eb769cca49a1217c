"""Whether the object storage keeps what it is given, knows the time, and is read by ClickHouse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import uuid4

from server.datasets.sql import quoted
from server.doctor.clocks import hold_clock
from server.doctor.finding import Ill
from server.doctor.systems import COMMENT
from server.errors import AdapterError
from server.parts import Parts
from server.storage.interface import ObjectVersion
from server.storage.keys import probe_key

_LINES: Final = 3
_EXPIRES_IN: Final = timedelta(minutes=5)
_TIDYING_SECONDS: Final = 5


async def check_answer(parts: Parts) -> None:
    """Ask for the bucket."""
    await parts.storage.ping()


async def check_versions(parts: Parts) -> None:
    """Ask whether the bucket keeps every version."""
    if not await parts.storage.is_versioned():
        finding = "the bucket keeps no versions, so a second PUT replaces what was judged"
        raise Ill(finding, "Switch versioning on, at once; no files are taken safely until then.")


async def check_clock(parts: Parts) -> None:
    """Compare the time the store gives to a new object with ours."""
    async with _probe(parts) as probe:
        hold_clock("the object storage", probe.last_modified, parts.clock())


async def check_reading(parts: Parts) -> None:
    """Have ClickHouse read an object by a signed URL, as it reads every file."""
    async with _probe(parts) as probe:
        address = parts.storage.presign_get(
            probe.key, version_id=probe.version_id, expires_in=_EXPIRES_IN, public=False
        )
        try:
            told = await parts.analytics.query(
                "SELECT count() AS lines FROM"
                f" url({quoted(address)}, 'LineAsString', 'line String')",
                # A signed URL is a secret until it expires.
                settings={"log_queries": 0},
                comment=COMMENT,
            )
        except AdapterError as fault:
            finding = "it cannot read from the object storage"
            advice = (
                "ClickHouse must reach TALLYDOCK_STORAGE_INTERNAL_URL, and its"
                " remote_url_allow_hosts must name that host."
            )
            raise Ill(finding, advice) from fault
    if int(str(told.one()["lines"])) != _LINES:
        finding = "it reads something else from the object storage than was written"
        raise Ill(finding, "Look for a cache or a proxy between the two.")


@asynccontextmanager
async def _probe(parts: Parts) -> AsyncIterator[ObjectVersion]:
    """Give a small object, which is removed again, also when the check is given up half-way.

    What even that leaves behind (the store went away, the process was killed) stands under a prefix
    of its own, which the reconciler empties.
    """

    async def content() -> AsyncIterator[bytes]:
        yield b"probe\n" * _LINES

    key = probe_key(uuid4().hex)
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
