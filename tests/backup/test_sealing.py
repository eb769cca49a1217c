"""A sealed file opens whole with its key, or not at all."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from worker.backup.sealing import NotSealed, Sealer

KEY = secrets.token_bytes(32)
CHUNK = 2**20
HARMS = ["cut", "cut at a chunk", "changed", "longer", "empty", "other key"]


async def in_pieces(content: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    """Yield the content in pieces that are no chunks."""
    for begin in range(0, len(content), size):
        yield content[begin : begin + size]


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
async def test_what_was_sealed_is_what_opens(tmp_path: Path, length: int) -> None:
    content = secrets.token_bytes(length)

    size = await Sealer(KEY).seal(tmp_path / "part", in_pieces(content))

    assert b"".join(Sealer(KEY).open(tmp_path / "part")) == content
    assert size == (tmp_path / "part").stat().st_size
    assert length < 32 or content[:32] not in (tmp_path / "part").read_bytes()


async def test_the_same_content_is_sealed_differently_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        await Sealer(KEY).seal(tmp_path / name, in_pieces(b"the same"))

    assert (tmp_path / "one").read_bytes() != (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("harm", HARMS)
async def test_what_was_harmed_does_not_open(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "part"
    await Sealer(KEY).seal(path, in_pieces(secrets.token_bytes(2 * CHUNK + 5)))
    sealed = path.read_bytes()
    # Each chunk brings its length and its tag along.
    head = len(sealed) - (2 * CHUNK + 5) - 3 * 20
    path.write_bytes(
        {
            "cut": sealed[:-1],
            "cut at a chunk": sealed[: head + CHUNK + 20],
            "changed": sealed[:1000] + bytes([sealed[1000] ^ 1]) + sealed[1001:],
            "longer": sealed + b"x",
            "empty": b"",
            "other key": sealed,
        }[harm]
    )
    key = secrets.token_bytes(32) if harm == "other key" else KEY

    with pytest.raises(NotSealed):
        list(Sealer(key).open(path))


def test_a_file_without_a_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key\n")

    with pytest.raises(ValueError, match="64 characters"):
        Sealer.from_file(tmp_path / "key")
