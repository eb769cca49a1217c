"""Puts a backup into an empty installation: `tallydock restore`.

Everything is opened and compared before anything is changed. Then originals, ClickHouse's tables,
and last, in one transaction, the database: until that is done nothing here knows of the files, and
a restore that was cut off is begun again.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from sqlalchemy import text

from server.datasets.provision import provision
from server.db.migrate import downgrade, migrate
from server.operations.versions import VersionRefused, check_step
from server.parts import Parts
from server.schema import metadata
from server.version import VERSION
from worker.backup.database import Row, lines, load
from worker.backup.plan import HISTORY, AttemptRows, Plan, grouped
from worker.backup.tables import count_rows, empty, make_current, table_of
from worker.backup.vault import Backup, NoBackup, Vault
from worker.backup.write import FORMAT
from worker.context import context_of


class CannotRestore(Exception):
    """Nothing was put back, or not all of it; the text says why and what to do, for a person."""


@dataclass(frozen=True)
class Restored:
    """What is there again."""

    recovery_point: str
    seconds: float
    files: int
    rows: int
    """Rows that readers see."""


def verify(vault: Vault, backup: Backup) -> Mapping[str, object]:
    """Open and compare every part of the backup; return its manifest.

    Raises:
        NoBackup: a part is missing.
        NotSealed: a part is damaged, or the key is another one.
        CannotRestore: it was written by a version that this one does not follow.
    """
    manifest = vault.manifest(backup)
    if manifest["format"] != FORMAT:
        message = f"It was written by version {manifest['version']}; this is {VERSION}."
        raise CannotRestore(message)
    try:
        check_step(str(manifest["version"]))
    except VersionRefused as refusal:
        raise CannotRestore(str(refusal)) from refusal
    for part in vault.parts_of(backup):
        digest = hashlib.sha256()
        for piece in vault.read(str(part["part"])):
            digest.update(piece)
        if digest.hexdigest() != part["sha256"]:
            message = f"The part {part['part']} is not what was written."
            raise NoBackup(message)
    for _ in lines(vault.read_database(backup)):
        pass
    return manifest


async def restore(parts: Parts, vault: Vault, backup: Backup) -> Restored:
    """Put the backup back.

    Raises:
        NoBackup, NotSealed: it is not whole; nothing was changed.
        CannotRestore: files were taken here already; nothing was changed. Or what was put back is
            not what was backed up.
        AdapterError: a system does not answer; to be begun again.
    """
    return await _Restoring(parts, vault, backup).go()


class _Restoring:
    def __init__(self, parts: Parts, vault: Vault, backup: Backup) -> None:
        self._parts = parts
        self._vault = vault
        self._backup = backup
        self._plan = Plan()
        self._versions: dict[str, str] = {}
        self._arrived: dict[str, object] = {}
        self._known_lacks = vault.lacking()

    async def go(self) -> Restored:
        began = monotonic()
        await self._check_empty()
        manifest = verify(self._vault, self._backup)
        for table, row in lines(self._vault.read_database(self._backup)):
            self._plan.see(table, row)
        await self._parts.storage.ensure_bucket()
        for original in _list(manifest["originals"]):
            await self._put_original(original)
        rows = await self._put_rows(manifest)
        await self._put_database(str(manifest["revision"]))
        return Restored(
            recovery_point=str(manifest["recoveryPoint"]),
            seconds=round(monotonic() - began, 1),
            files=len(self._versions),
            rows=rows,
        )

    async def _check_empty(self) -> None:
        await migrate(self._parts.engine, metadata)
        async with self._parts.engine.connect() as connection:
            found = await connection.execute(text("SELECT count(*) FROM files"))
            count = int(found.scalar_one())
        if count:
            message = (
                f"This installation holds {count} files already. A backup is put into an empty"
                " one; nothing was changed."
            )
            raise CannotRestore(message)

    async def _put_original(self, original: Mapping[str, object]) -> None:
        key, storage = str(original["key"]), self._parts.storage

        async def content() -> AsyncIterator[bytes]:
            for piece in self._vault.read(str(original["part"])):
                yield piece

        # What an earlier try put there may have been cut off.
        for version in await storage.list_versions(key):
            await storage.remove_version(key, version.version_id)
        put = await storage.put_stream(key, content(), content_type="application/octet-stream")
        file_id = str(original["fileId"])
        self._versions[file_id] = put.version_id
        self._arrived[file_id] = original.get("arrivedAt")

    async def _put_rows(self, manifest: Mapping[str, object]) -> int:
        analytics, catalogue = self._parts.analytics, self._parts.catalogue
        await analytics.create_database()
        await empty(analytics, catalogue.all())
        await provision(analytics, catalogue)
        for part in _list(manifest["rows"]):
            dataset = catalogue.get(str(part["dataset"]))
            exported = b"".join(self._vault.read(str(part["part"])))
            if dataset is not None and exported:
                table = table_of(dataset, str(part["table"]))
                await analytics.import_rows(table, exported, comment="restore")
        return await self._make_current(manifest)

    async def _make_current(self, manifest: Mapping[str, object]) -> int:
        generations = manifest["generations"]
        seen = 0
        for dataset in self._parts.catalogue.all():
            published = [
                one
                for one in self._plan.rows
                if one.table == HISTORY and one.dataset == dataset.name
            ]
            await self._compare(table_of(dataset, HISTORY), published)
            known = generations.get(dataset.name, 0) if isinstance(generations, dict) else 0
            attempts = [(one.file_id, one.attempt) for one in published]
            seen += await make_current(self._parts.analytics, dataset, attempts, int(known))
        return seen

    async def _compare(self, table: str, published: Sequence[AttemptRows]) -> None:
        """Hold the rows that came to the number that was imported, file by file."""
        for group in grouped(published):
            counted = await count_rows(self._parts.analytics, table, group)
            for one in group:
                count = counted.get((one.file_id, one.attempt), 0)
                if not one.has_all(count) and str(one.file_id) not in self._known_lacks:
                    message = (
                        f"File {one.file_id} has {count} rows in {table}, and {one.rows} were"
                        " imported. The database was left as it was; report this."
                    )
                    raise CannotRestore(message)

    async def _put_database(self, revision: str) -> None:
        engine = self._parts.engine
        await downgrade(engine, metadata)
        await migrate(engine, metadata, to=revision)

        def change(table: str, row: Row) -> Row:
            if table != "files":
                return row
            file_id = str(UUID(str(row["file_id"])))
            if row["object_version"]:
                return {**row, "object_version": self._versions.get(file_id)}
            # A file that waited for its bytes is pinned by the sweep, as ever. The store dates them
            # anew; by that date they would win against what came after them.
            return {**row, "uploaded_at": row["uploaded_at"] or self._arrived.get(file_id)}

        await load(engine, lines(self._vault.read_database(self._backup)), change)
        await migrate(engine, metadata)
        # Whoever held a lease at that time is not here.
        await context_of(self._parts).claims.end_all()


def _list(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []
