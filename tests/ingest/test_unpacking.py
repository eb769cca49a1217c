"""What unpacks to more than it may ends there, most of it unread."""

import asyncio
import gzip
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from server.files.unpacked import limit_bytes
from server.settings import Settings
from server.storage.interface import Storage
from tests.fixtures.ingest import claim_of
from tests.ingest.store import MemoryStore
from worker.context import Context
from worker.ingest.unpacking import beside, gzip_lengths, zstd_lengths

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 2**20
SETTINGS = Settings(max_decompressed_bytes=96 * MIB)
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}
LINE = b"t-1,Capture,2025-01-01,adyen,EUR,1.00\n"


class Bench:
    """A store with one packed object, and who reads it."""

    def __init__(self, packed: bytes) -> None:
        self.store = MemoryStore()
        self.claim: Claim = claim_of("transactions", len(packed))
        self.store.objects[self.claim.object_key, self.claim.object_version] = packed
        storage: Storage = self.store
        self.context = cast(
            Context, SimpleNamespace(storage=storage, settings=SETTINGS, units=None)
        )
        self.was_stopped = False

    @property
    def bytes_read(self) -> int:
        """Return how much of the object was asked for."""
        return sum(length for _, length in self.store.reads)

    async def endless(self) -> None:
        """Work until it is stopped."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_stopped = True
            raise


@pytest.mark.parametrize("kind", PACKERS)
async def test_a_bomb_stops_the_work_and_is_not_read_to_its_end(kind: str) -> None:
    # Harmless at first; what comes then would unpack to hundreds of megabytes.
    pack = PACKERS[kind]
    small = pack(LINE * 1000)
    packed = small + pack(LINE * (160 * MIB // len(LINE))) + b"".join([small] * 20_000)
    bench = Bench(packed)

    with pytest.raises(FileFailed) as refused:
        await beside(bench.context, bench.claim, kind, bench.endless())

    assert refused.value.code is FailureCode.DECOMPRESSION_LIMIT
    assert bench.was_stopped
    assert bench.bytes_read < len(packed)


@pytest.mark.parametrize("kind", PACKERS)
async def test_an_honest_file_is_read_beside_the_work(kind: str) -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    bench = Bench(PACKERS[kind](LINE * 1000))

    assert await beside(bench.context, bench.claim, kind, work()) == "done"
    assert await beside(bench.context, bench.claim, None, work()) == "done"


async def test_what_the_work_meets_is_told_at_once() -> None:
    async def work() -> None:
        raise FileFailed(FailureCode.STRUCTURE_ERROR)

    bench = Bench(zstd.compress(LINE * (80 * MIB // len(LINE))))

    with pytest.raises(FileFailed) as refused:
        await beside(bench.context, bench.claim, "zstd", work())

    assert refused.value.code is FailureCode.STRUCTURE_ERROR


@pytest.mark.parametrize("kind", PACKERS)
async def test_an_object_that_became_shorter_is_no_short_file(kind: str) -> None:
    bench = Bench(PACKERS[kind](bytes(range(256)) * 4))
    claim = replace(bench.claim, size_bytes=bench.claim.size_bytes + 10 * MIB)

    with pytest.raises(FileFailed) as refused:
        await beside(bench.context, claim, kind, bench.endless())

    assert refused.value.code is FailureCode.OBJECT_CHANGED


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_lengths_add_up_over_members_and_pieces(kind: str, step: int) -> None:
    texts = [b"", b"a", LINE * 5000, b"\x00" * 9_000_000]
    packed = b"".join(PACKERS[kind](text) for text in texts)
    unpack = gzip_lengths() if kind == "gzip" else zstd_lengths()

    found = sum(sum(unpack(packed[at : at + step])) for at in range(0, len(packed), step))

    assert found == sum(len(text) for text in texts)


def test_the_limit_is_a_multiple_of_the_size_within_bounds() -> None:
    assert limit_bytes(SETTINGS, 10) == 64 * MIB
    assert limit_bytes(SETTINGS, MIB) == 96 * MIB
    assert limit_bytes(Settings(), MIB) == 200 * MIB
