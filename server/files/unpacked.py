"""How much a packed file may unpack to: a few kilobytes may become terabytes.

Counted by the ingest (`worker/ingest/unpacking.py`), and told by Parquet's footer (`parquet.py`).
"""

from server.files.failures import FailureCode, FileFailed
from server.settings import Settings

# What is no danger to anyone, whatever it was packed to: small files of like rows pack well.
_HARMLESS_BYTES = 64 * 2**20


def limit_bytes(settings: Settings, size_bytes: int) -> int:
    """Return how much a file of that size may unpack to (bytes)."""
    by_ratio = max(size_bytes * settings.max_compression_ratio, _HARMLESS_BYTES)
    return min(by_ratio, settings.max_decompressed_bytes)


def unpacks_to_too_much(limit: int) -> FileFailed:
    """Return the failure of a file that unpacks to more than limit bytes."""
    detail = f"It unpacks to more than {limit} bytes, which is more than a file of its size may."
    return FileFailed(FailureCode.DECOMPRESSION_LIMIT, detail, limit_bytes=limit)
