"""What readers are to see, in plain Python: current = resolve(history, published files)."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
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


def same_before(file: Sent, files: Sequence[Sent]) -> list[Sent]:
    """Return the files of the same bytes that arrived earlier, in their order."""
    same = [other for other in files if other.rows == file.rows and other.arrived < file.arrived]
    return sorted(same, key=lambda other: other.arrived)


def original_of(file: Sent, files: Sequence[Sent]) -> Sent | None:
    """Return the file of whose rows it would bring nothing but copies."""
    same = same_before(file, files)
    return next((other for other in same if other.is_visible and other.good), None)


def end_of(file: Sent, files: Sequence[Sent]) -> str:
    """Return what working on it must come to: waits | duplicate | dry_run | imported."""
    if file.has_swapped or file.is_visible:
        return "imported"
    end = "dry_run" if file.is_dry else "imported"
    if file.is_wanted_twice:
        return end
    same = [other for other in same_before(file, files) if not other.is_dry]
    if any(other.state != "completed" for other in same):
        return "waits"
    return "duplicate" if original_of(file, files) else end


def complete(file: Sent, end: str, files: Sequence[Sent]) -> None:
    """Have the file's record say how it ended."""
    file.state, file.has_swapped = "completed", False
    if end == "duplicate":
        original = original_of(file, files)
        assert original is not None
        file.outcome, file.duplicate_of = "duplicate", original.file_id
        file.counts = _duplicate_counts(file)
    elif end == "dry_run":
        file.outcome, file.counts = "dry_run", _dry_counts(file)
    else:
        file.outcome = imported(file)


def complete_together(
    taken: Sequence[Sent], completed: Set[UUID], swapped: Sequence[UUID], files: Sequence[Sent]
) -> None:
    """Have several files say how they ended that were worked on at the same moment.

    Args:
        taken: the files.
        completed: those of them that are completed now; the others wait again.
        swapped: those that were swapped in, in that order: whose counts depend on it.
        files: all.
    """
    was_visible = {file.file_id for file in taken if file.is_visible}
    by_id = {file.file_id: file for file in taken}
    for file in (by_id[file_id] for file_id in swapped):
        others = [other for other in files if other.is_visible and other is not file]
        file.counts, file.is_visible = counts_among(file, others), True
    for file in sorted(taken, key=lambda file: file.arrived):
        if file.file_id not in completed:
            assert file.file_id not in swapped
            file.state = "queued"
            continue
        if file.file_id in swapped and file.file_id not in was_visible:
            # Nobody was faster than the bytes that came before it.
            assert file.is_wanted_twice or original_of(file, files) is None
        end = end_of(file, files)
        assert end != "waits"
        complete(file, end, files)


def imported(file: Sent) -> str:
    """Return the outcome of a file whose rows readers see."""
    return "imported_with_rejections" if "rejected" in file.judged else "imported"


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


def _duplicate_counts(file: Sent) -> dict[str, int]:
    """Return the statistics of a file whose bytes are imported already."""
    return _some(total=len(file.rows), duplicate=len(file.rows))


def _dry_counts(file: Sent) -> dict[str, int]:
    """Return the statistics of a file that is only judged."""
    judged = dict(file.judged)
    withheld = judged.pop("imported", 0)
    return judged | _some(withheld=withheld)


def _some(**counts: int) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
