"""What a backup of one instant holds, told by the database's rows of that instant.

Originals are never changed once they are pinned, and neither are the rows of an attempt: what an
earlier backup has, a later one refers to.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from server.files.lifecycle import Stage

HISTORY: Final = "history"
REJECTED: Final = "rejected"

# Rows read into memory at once; a row has some hundred bytes.
ROWS_AT_ONCE: Final = 200_000
_ATTEMPTS_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class Original:
    """A file's bytes in the store."""

    file_id: UUID
    key: str
    version_id: str | None
    """None for a file that waits for its bytes: whatever came first under the key is it."""
    size_bytes: int

    def part_of(self, version_id: str) -> str:
        """Return the name of the part that holds that version."""
        mark = hashlib.sha256(f"{self.key}\n{version_id}".encode()).hexdigest()[:16]
        return f"original-{self.file_id.hex}-{mark}"


@dataclass(frozen=True)
class AttemptRows:
    """The rows of one attempt in one table."""

    dataset: str
    table: str
    """`history` or `rejected`."""
    file_id: UUID
    attempt: int
    rows: int
    """How many there are in `history`; at most, in `rejected`."""
    least: int | None = None
    """How many there are at least, where rows that can never be seen again are let go."""

    def has_all(self, count: int) -> bool:
        """Return whether so many rows in history are all that there should be."""
        return (self.rows if self.least is None else self.least) <= count <= self.rows


@dataclass
class Plan:
    """What belongs to the instant."""

    originals: list[Original] = field(default_factory=list)
    rows: list[AttemptRows] = field(default_factory=list)
    generations: dict[str, int] = field(default_factory=dict)
    """The last generation of each dataset whose swap is known to have happened."""

    def see(self, table: str, row: dict[str, object]) -> None:
        """Take notice of a row of the database."""
        if table == "publications" and row["state"] == "published":
            dataset = str(row["dataset_type"])
            generation = int(str(row["generation"]))
            self.generations[dataset] = max(generation, self.generations.get(dataset, 0))
        if table == "files":
            self._see_file(row)

    def _see_file(self, row: dict[str, object]) -> None:
        file_id, dataset = UUID(str(row["file_id"])), str(row["dataset_type"])
        version = row["object_version"]
        if version is not None or row["stage"] == str(Stage.AWAITING_UPLOAD):
            key = str(row["object_key"])
            size = int(str(row["size_bytes"] or 0))
            self.originals.append(Original(file_id, key, str(version) if version else None, size))
        statistics = row["statistics"] if isinstance(row["statistics"], dict) else {}
        if row["published_attempt"] is not None:
            rows = int(str(row["rows_imported"] or 0))
            attempt = int(str(row["published_attempt"]))
            least = rows_left(row.get("rows_let_go"), attempt, rows)
            self.rows.append(AttemptRows(dataset, HISTORY, file_id, attempt, rows, least))
        if row["judged_attempt"] is not None:
            rows = int(str(statistics.get("rowsRejected") or 0)) + int(
                str(statistics.get("rowsWithWarnings") or 0)
            )
            attempt = int(str(row["judged_attempt"]))
            if rows:
                self.rows.append(AttemptRows(dataset, REJECTED, file_id, attempt, rows))


def rows_left(let_go: object, attempt: int, rows: int) -> int:
    """Return how many of an attempt's rows there are at least, by a file's `rows_let_go`."""
    if isinstance(let_go, dict) and let_go.get("attempt") == attempt:
        return int(str(let_go["left"]))
    return rows


def grouped(rows: Iterable[AttemptRows]) -> Iterator[list[AttemptRows]]:
    """Yield attempts of one table that are read with one statement; large ones come alone."""
    waiting: dict[tuple[str, str], list[AttemptRows]] = {}
    for one in rows:
        place = (one.dataset, one.table)
        group = waiting.setdefault(place, [])
        is_full = sum(other.rows for other in group) + one.rows > ROWS_AT_ONCE
        if group and (is_full or len(group) == _ATTEMPTS_AT_ONCE):
            yield waiting.pop(place)
            group = waiting.setdefault(place, [])
        group.append(one)
    yield from waiting.values()
