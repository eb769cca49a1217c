"""What readers are to see, in plain Python: current = resolve(history, published files)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

LEASE_SECONDS = 2
ONE, MANY = "transactions", "settlements"
"""A dataset with one row per key, and one with groups of rows."""


@dataclass(frozen=True, order=True)
class Row:
    """A row as the tests make them: its key, and what it says."""

    key: int
    month: int
    cents: int


Shown = Counter[tuple[UUID, int, Row]]
"""(file, row number, row) as they stand in the table readers see."""


@dataclass
class Sent:
    """A file, as its record and the readers are to show it."""

    file_id: UUID
    dataset: str
    rows: tuple[Row, ...]
    arrived: tuple[datetime, UUID]
    is_dry: bool = False
    """It is only to be judged."""
    is_wanted_twice: bool = False
    """It is imported although its bytes are there already."""
    is_lost: bool = False
    """Its object is gone: it cannot be judged again."""
    state: str = "queued"
    """queued | dead (its worker died) | completed."""
    outcome: str = ""
    is_visible: bool = False
    has_swapped: bool = False
    """A worker died after its swap: the next one completes the record."""
    duplicate_of: UUID | None = None
    is_undo_wanted: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> dict[int, Row]:
        """Return the rows that load, by number."""
        if self.dataset == MANY:
            return dict(enumerate(self.rows, 1))
        told: dict[int, set[Row]] = {}
        for row in self.rows:
            told.setdefault(row.key, set()).add(row)
        firsts: dict[Row, int] = {}
        for number, row in enumerate(self.rows, 1):
            if len(told[row.key]) == 1:
                firsts.setdefault(row, number)
        return {number: row for row, number in firsts.items()}

    @property
    def keys(self) -> set[int]:
        """Return the keys it speaks for."""
        return {row.key for row in self.good.values()}

    @property
    def judged(self) -> dict[str, int]:
        """Return the counts of judging alone."""
        keys = Counter(row.key for row in set(self.rows))
        rejected = sum(keys[row.key] > 1 for row in self.rows) if self.dataset == ONE else 0
        good = len(self.good)
        total = len(self.rows)
        return _some(
            total=total, imported=good, rejected=rejected, duplicate=total - good - rejected
        )


def resolve(files: Iterable[Sent]) -> Shown:
    """Return the rows of every key's newest file, by arrival."""
    newest: dict[int, Sent] = {}
    for file in sorted(files, key=lambda file: file.arrived):
        newest |= dict.fromkeys(file.keys, file)
    return Counter(
        (file.file_id, number, row)
        for key, file in newest.items()
        for number, row in file.good.items()
        if row.key == key
    )


def counts_among(file: Sent, others: Iterable[Sent]) -> dict[str, int]:
    """Return the statistics of a file that is published among others that are visible."""
    newest: dict[int, Sent] = {}
    for other in sorted(others, key=lambda other: other.arrived):
        newest |= dict.fromkeys(other.keys, other)
    met = Counter(
        "inserted"
        if row.key not in newest
        else ("outdated" if newest[row.key].arrived > file.arrived else "replaced")
        for row in file.good.values()
    )
    return file.judged | met


def duplicate_counts(file: Sent) -> dict[str, int]:
    """Return the statistics of a file whose bytes are imported already."""
    return _some(total=len(file.rows), duplicate=len(file.rows))


def dry_counts(file: Sent) -> dict[str, int]:
    """Return the statistics of a file that is only judged."""
    judged = dict(file.judged)
    withheld = judged.pop("imported", 0)
    return judged | _some(withheld=withheld)


def _some(**counts: int) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
