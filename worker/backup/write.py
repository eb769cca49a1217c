"""Writes a backup while the appliance runs: `tallydock backup`.

The database is read at one instant, the recovery point; originals and rows are then copied as that
instant names them, since neither is changed once it is there. Only what no earlier backup has is
copied.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Final

from server.errors import ObjectMissing
from server.operations.repository import BACKUP, note_operation
from server.parts import Parts
from server.version import VERSION
from worker.backup.database import dump, lines, snapshot
from worker.backup.earlier import Earlier
from worker.backup.gaps import Gaps, Uncopied, gaps_of
from worker.backup.held import HeldVault
from worker.backup.plan import HISTORY, ROWS_AT_ONCE, AttemptRows, Original, Plan, grouped
from worker.backup.tables import count_rows, highest_row, rows_of, table_of

FORMAT: Final = 1
_PIECE_BYTES: Final = 8 * 2**20


@dataclass
class Written:
    """What a backup holds, and what it cost."""

    recovery_point: datetime
    seconds: float = 0.0
    new_bytes: int = 0
    files: int = 0
    rows: int = 0
    missing: list[str] = field(default_factory=list)
    """Files that are not in it whole, for whatever reason: restoring takes them as they are."""
    gaps: Gaps = field(default_factory=Gaps)
    """Which of them should be."""

    def as_json(self) -> dict[str, object]:
        """Return it for `about.json`."""
        return {**asdict(self), "recovery_point": self.recovery_point.isoformat(), "by": VERSION}


async def write_backup(
    parts: Parts, vault: HeldVault, site: AsyncIterator[bytes] | None = None
) -> Written:
    """Write a backup; what an earlier try left in the vault is made use of.

    Args:
        parts: the installation's.
        vault: where to.
        site: what belongs to the machine rather than to the data.

    Raises:
        AdapterError: a system does not answer; no backup was written.
        OSError: the vault cannot be written, or is full; no backup was written.
    """
    return await _Writing(parts, vault).go(site)


class _Writing:
    def __init__(self, parts: Parts, vault: HeldVault) -> None:
        self._parts = parts
        self._vault = vault
        self._written = Written(parts.clock())
        self._plan = Plan()
        self._earlier = Earlier(vault)
        self._uncopied = Uncopied()
        self._manifest: dict[str, object] = {}

    async def go(self, site: AsyncIterator[bytes] | None) -> Written:
        began, written = monotonic(), self._written
        folder = self._vault.begin(written.recovery_point)
        tables = await self._keep_database(folder)
        originals = [kept async for kept in self._keep_originals()]
        rows = [kept async for kept in self._keep_rows()]
        if site is not None:
            await self._vault.keep_site(folder, site)
        written.missing = self._uncopied.files()
        written.gaps = await gaps_of(self._parts.units, self._uncopied)
        written.seconds = round(monotonic() - began, 1)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "recoveryPoint": written.recovery_point.isoformat(),
            "tables": tables,
            "originals": originals,
            "rows": rows,
            "generations": self._plan.generations,
            **self._manifest,
        }
        await self._vault.finish(folder, manifest, written.as_json())
        async with self._parts.units.begin() as unit:
            detail = {"seconds": written.seconds, "newBytes": written.new_bytes}
            await note_operation(unit, BACKUP, written.recovery_point, detail)
        return written

    async def _keep_database(self, folder: Path) -> Mapping[str, int]:
        counted: dict[str, int] = {}
        connection = await snapshot(self._parts.engine)
        try:
            found = await connection.exec_driver_sql("SELECT version_num FROM alembic_version")
            self._manifest["revision"] = str(found.scalar_one())

            async def seen() -> AsyncIterator[bytes]:
                async for line in dump(connection, counted):
                    for table, row in lines(iter([line])):
                        self._plan.see(table, row)
                    yield line

            self._written.new_bytes += await self._vault.keep_database(folder, seen())
        finally:
            await connection.close()
        return counted

    async def _keep_originals(self) -> AsyncIterator[dict[str, object]]:
        for original in self._plan.originals:
            found = await self._version_of(original)
            if found is None:
                continue
            version_id, size, arrived_at = found
            part = original.part_of(version_id)
            known = self._earlier.original(part)
            if known is None:
                known = await self._keep_original(original, version_id, size, part)
            if known is None:
                self._uncopied.originals.append((original.file_id, version_id))
                continue
            self._written.files += 1
            yield known if arrived_at is None else {**known, "arrivedAt": arrived_at.isoformat()}

    async def _version_of(self, original: Original) -> tuple[str, int, datetime | None] | None:
        """Return (version, bytes, when they came); the time only where the database lacks it."""
        if original.version_id is not None:
            return original.version_id, original.size_bytes, None
        found = await self._parts.storage.oldest_version(original.key)
        if found is None:
            return None
        return found.version_id, found.size_bytes, found.last_modified

    async def _keep_original(
        self, original: Original, version_id: str, size: int, part: str
    ) -> dict[str, object] | None:
        digest = hashlib.sha256()

        async def content() -> AsyncIterator[bytes]:
            for offset in range(0, size, _PIECE_BYTES):
                piece = await self._parts.storage.read_range(
                    original.key,
                    version_id=version_id,
                    offset_bytes=offset,
                    length_bytes=min(_PIECE_BYTES, size - offset),
                )
                digest.update(piece)
                yield piece

        try:
            self._written.new_bytes += await self._vault.keep(part, content())
        except ObjectMissing:
            return None
        return {
            "part": part,
            "fileId": str(original.file_id),
            "key": original.key,
            "sizeBytes": size,
            "sha256": digest.hexdigest(),
        }

    async def _keep_rows(self) -> AsyncIterator[dict[str, object]]:
        carried: dict[str, dict[str, object]] = {}
        fresh: list[AttemptRows] = []
        for one in self._plan.rows:
            known = self._earlier.rows(one)
            if known is not None:
                carried |= {str(part["part"]): part for part in known}
            else:
                fresh.append(one)
        for kept in carried.values():
            yield kept
        for group in grouped(fresh):
            async for kept in self._keep_group(group):
                yield kept
        self._written.rows = sum(one.rows for one in self._plan.rows if one.table == HISTORY)

    async def _keep_group(self, group: list[AttemptRows]) -> AsyncIterator[dict[str, object]]:
        first = group[0]
        dataset = self._parts.catalogue.get(first.dataset)
        if dataset is None:
            return
        analytics, table = self._parts.analytics, table_of(dataset, first.table)
        is_large = sum(one.rows for one in group) > ROWS_AT_ONCE
        last = await highest_row(analytics, table, group) if is_large else ROWS_AT_ONCE
        for after in range(0, last, ROWS_AT_ONCE):
            until = after + ROWS_AT_ONCE if is_large else None
            exported = await rows_of(analytics, table, group, after=after, until=until)
            yield await self._keep_slice(group, after, exported)
        if first.table == HISTORY:
            # After them: rows that go while they are copied are not taken for copied.
            counted = await count_rows(analytics, table, group)
            found = [(one, counted.get((one.file_id, one.attempt), 0)) for one in group]
            self._uncopied.rows += [(one, count) for one, count in found if not one.has_all(count)]

    async def _keep_slice(
        self, group: list[AttemptRows], after: int, exported: bytes
    ) -> dict[str, object]:
        async def content() -> AsyncIterator[bytes]:
            yield exported

        first = group[0]
        attempts = [[str(one.file_id), one.attempt] for one in group]
        digest = hashlib.sha256(exported).hexdigest()
        mark = hashlib.sha256(json.dumps([attempts, after, digest]).encode()).hexdigest()[:32]
        part = f"rows-{first.dataset}-{first.table}-{mark}"
        if not self._vault.has(part):
            self._written.new_bytes += await self._vault.keep(part, content())
        return {
            "part": part,
            "dataset": first.dataset,
            "table": first.table,
            "attempts": attempts,
            "sha256": digest,
        }
