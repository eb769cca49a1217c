"""What a backup could not copy: what is lost, and what the appliance itself let go meanwhile.

A copy takes its time. Retention may end an original of the instant that is being copied, and old
rows may be let go: the database says so once it has happened. That was meant, so it is no gap.
"""

from dataclasses import dataclass, field
from uuid import UUID

from server.files.models import File
from server.files.repository import find_file
from server.unit_of_work import UnitsOfWork
from worker.backup.plan import AttemptRows, rows_left


@dataclass
class Uncopied:
    """What was not there, or not all of it, when its turn came."""

    originals: list[tuple[UUID, str]] = field(default_factory=list)
    """(file, version)."""
    rows: list[tuple[AttemptRows, int]] = field(default_factory=list)
    """(attempt, rows there were)."""

    def files(self) -> list[str]:
        """Return the files, each once."""
        of_originals = [file_id for file_id, _ in self.originals]
        return sorted({str(i) for i in [*of_originals, *(one.file_id for one, _ in self.rows)]})


@dataclass(frozen=True)
class Gaps:
    """Files of which something is lost: it was so before the backup."""

    originals: tuple[str, ...] = ()
    """Files whose bytes the store does not have."""
    rows: tuple[str, ...] = ()
    """Files whose rows ClickHouse does not have all of."""

    def files(self) -> list[str]:
        """Return the files, each once."""
        return sorted({*self.originals, *self.rows})


async def gaps_of(units: UnitsOfWork, uncopied: Uncopied) -> Gaps:
    """Return what is lost of what was not copied, by what the database says now.

    Asked last, when retention has long noted what it took: it takes the bytes first.
    """
    async with units.begin() as unit:
        originals = [
            str(file_id)
            for file_id, version_id in uncopied.originals
            if _names(await find_file(unit, file_id), version_id)
        ]
        rows = [
            str(one.file_id)
            for one, count in uncopied.rows
            if not _let_go(await find_file(unit, one.file_id), one, count)
        ]
    return Gaps(tuple(originals), tuple(rows))


def _names(file: File | None, version_id: str) -> bool:
    return file is not None and file.object_version == version_id


def _let_go(file: File | None, one: AttemptRows, count: int) -> bool:
    """Return whether the database tells of so few rows by now, of the same attempt."""
    return (
        file is not None
        and file.published_attempt == one.attempt
        and rows_left(file.rows_let_go, one.attempt, one.rows) <= count
    )
