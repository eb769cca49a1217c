"""The folder that holds backups: sealed parts that many backups share, and a manifest each.

    parts/<name>                 a file's bytes, or rows of attempts; never changed once it is there
    backups/<time>/manifest      which parts belong together; sealed
    backups/<time>/database      every row of the database; sealed
    backups/<time>/site          secrets and certificates of the machine, where given; sealed
    backups/<time>/about.json    when, how much, how long: in clear, written last

A part appears under its name when it is whole and on the disk, and a backup when its `about.json`
does; what an interruption left is begun anew.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from worker.backup.sealing import NotSealed, Sealer

_ABOUT: Final = "about.json"
_MANIFEST: Final = "manifest"
_DATABASE: Final = "database"
_SITE: Final = "site"


class NoBackup(Exception):
    """There is no such backup, or it is not whole; the text says which, for a person."""


@dataclass(frozen=True)
class Backup:
    """One backup in the vault."""

    folder: Path
    about: Mapping[str, object]

    @property
    def name(self) -> str:
        """Return its name: its recovery point."""
        return self.folder.name


class Vault:
    """Reads and writes the folder.

    Args:
        folder: the vault.
        sealer: with the key of all its files.
    """

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._parts = folder / "parts"
        self._backups = folder / "backups"
        self._sealer = sealer

    def begin(self, at: datetime) -> Path:
        """Make the folder of a new backup; return it."""
        for folder in (self._parts, self._backups):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._backups / at.strftime("%Y%m%dT%H%M%S%fZ")
        folder.mkdir(mode=0o700)
        return folder

    def has(self, part: str) -> bool:
        """Return whether the part is there."""
        return (self._parts / part).exists()

    async def keep(self, part: str, content: AsyncIterator[bytes]) -> int:
        """Write a part; return its size (bytes)."""
        return await self._write(self._parts / part, content)

    def read(self, part: str) -> Iterator[bytes]:
        """Yield what a part holds.

        Raises:
            NotSealed: it is damaged.
            NoBackup: it is not there.
        """
        try:
            yield from self._sealer.open(self._parts / part)
        except FileNotFoundError as fault:
            message = f"The part {part} is missing."
            raise NoBackup(message) from fault

    async def keep_database(self, folder: Path, content: AsyncIterator[bytes]) -> int:
        """Write the database's rows; return the size (bytes)."""
        return await self._write(folder / _DATABASE, content)

    def read_database(self, backup: Backup) -> Iterator[bytes]:
        """Yield the database's rows as they were written."""
        yield from self._sealer.open(backup.folder / _DATABASE)

    async def keep_site(self, backup: Backup, content: AsyncIterator[bytes]) -> int:
        """Write what belongs to the machine rather than to the data; return the size (bytes)."""
        return await self._write(backup.folder / _SITE, content)

    def read_site(self, backup: Backup) -> Iterator[bytes]:
        """Yield what was kept of the machine.

        Raises:
            NoBackup: nothing was.
        """
        try:
            yield from self._sealer.open(backup.folder / _SITE)
        except FileNotFoundError as fault:
            message = "Nothing of the machine was kept in this backup."
            raise NoBackup(message) from fault

    async def finish(
        self, folder: Path, manifest: Mapping[str, object], about: Mapping[str, object]
    ) -> None:
        """Write the manifest, and then that the backup is whole."""

        async def told() -> AsyncIterator[bytes]:
            yield json.dumps(manifest).encode()

        await self._write(folder / _MANIFEST, told())
        draft = folder / f"{_ABOUT}.draft"
        draft.write_text(json.dumps(about, indent=2) + "\n")
        _make_durable(draft)
        draft.replace(folder / _ABOUT)
        _make_durable(folder)

    def manifest(self, backup: Backup) -> Mapping[str, object]:
        """Return the manifest.

        Raises:
            NotSealed: it is damaged, or the key is another one.
        """
        told = json.loads(b"".join(self._sealer.open(backup.folder / _MANIFEST)))
        if not isinstance(told, dict):
            raise NotSealed(backup.name)
        return told

    def backups(self) -> list[Backup]:
        """Return the whole backups, oldest first."""
        if not self._backups.is_dir():
            return []
        return [
            Backup(path.parent, json.loads(path.read_text()))
            for path in sorted(self._backups.glob(f"*/{_ABOUT}"))
        ]

    def newest(self, name: str | None = None) -> Backup:
        """Return the newest backup, or the one of that name.

        Raises:
            NoBackup: there is none.
        """
        found = [one for one in self.backups() if name is None or one.name == name]
        if not found:
            message = "There is no such backup here, or it was never finished."
            raise NoBackup(message)
        return found[-1]

    def lacking(self) -> frozenset[str]:
        """Return the files of which some backup here could not copy all.

        Of all of them: one may refer to parts that an earlier one wrote.
        """
        told = [backup.about.get("missing") for backup in self.backups()]
        return frozenset(str(file) for files in told if isinstance(files, list) for file in files)

    def parts_of(self, backup: Backup) -> Iterator[Mapping[str, object]]:
        """Yield every part the backup needs, as its manifest tells of it."""
        manifest = self.manifest(backup)
        for kind in ("originals", "rows"):
            listed = manifest[kind]
            yield from listed if isinstance(listed, list) else []

    def forget_all_but(self, count: int) -> int:
        """Remove older backups than the newest `count`, and the parts that none of those needs.

        Returns:
            How many parts were removed.
        """
        backups = self.backups()
        needed = {
            str(part["part"]) for backup in backups[-count:] for part in self.parts_of(backup)
        }
        for backup in backups[:-count]:
            # First the word that it is whole, then the rest.
            for name in (_ABOUT, _MANIFEST, _DATABASE, _SITE):
                (backup.folder / name).unlink(missing_ok=True)
            backup.folder.rmdir()
        removed = 0
        for path in self._parts.iterdir():
            if path.name not in needed:
                path.unlink()
                removed += 1
        return removed

    async def _write(self, path: Path, content: AsyncIterator[bytes]) -> int:
        draft = path.with_name(f"{path.name}.draft")
        size = await self._sealer.seal(draft, content)
        _make_durable(draft)
        draft.replace(path)
        _make_durable(path.parent)
        return size


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
