"""Lists of keys, worked through in parts, so that memory is bounded however many there are.

A statement that looks for keys holds them in a hash table; a file of 5 GiB has twenty million. Used
by `publish.py`, `resolve.py` and `swap.py`.
"""

import math
from dataclasses import dataclass
from typing import Final

# About 600 MB of hash table at the most.
KEYS_PER_BUCKET: Final = 8_000_000
# Where each key also holds the time and file of its newest row, and is looked for twice.
RESOLVED_PER_BUCKET: Final = 2_000_000


@dataclass(frozen=True)
class Part:
    """Some of the keys, told by their hash."""

    rows: str
    """A condition over `_key`: rows whose keys can be in this part, listed or not."""
    keys: str
    """A subquery of the keys that are listed."""


@dataclass(frozen=True)
class Keys:
    """A table of keys in which a key may stand more than once."""

    table: str
    count: int
    """Its rows."""
    condition: str = "1"
    """Which of its rows are meant."""

    def parts(self) -> list[Part]:
        """Return parts that are all keys together, for statements that hold the keys alone."""
        return self._parts(KEYS_PER_BUCKET)

    def parts_to_resolve(self) -> list[Part]:
        """Return parts that are all keys together, for statements that find their newest rows."""
        return self._parts(RESOLVED_PER_BUCKET)

    def _parts(self, most: int) -> list[Part]:
        buckets = max(1, math.ceil(self.count / most))
        return [self._part(bucket, buckets) for bucket in range(buckets)]

    def _part(self, bucket: int, buckets: int) -> Part:
        rows = in_bucket(bucket, buckets)
        return Part(rows, f"SELECT _key FROM {self.table} WHERE {self.condition} AND {rows}")


def in_bucket(bucket: int, buckets: int) -> str:
    """Return the condition that a row's key is in the bucket."""
    return f"modulo(_key, {buckets}) = {bucket}" if buckets > 1 else "1"
