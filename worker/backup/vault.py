"""The folder that holds backups: sealed parts that many backups share, and a manifest each.

    lock                         held by whoever writes here, or removes; see `held.py`
    parts/<name>                 a file's bytes, or rows of attempts; never changed once it is there
    backups/<time>/manifest      which parts belong together; sealed
    backups/<time>/database      every row of the database; sealed
    backups/<time>/site          secrets and certificates of the machine, where given; sealed
    backups/<time>/about.json    when, how much, how long: in clear, written last

A part appears under its name when it is whole and on the disk, and a backup when its `about.json`
does; what an interruption left is removed by the next one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.backup.sealing import NotSealed, Sealer

ABOUT: Final = "about.json"
MANIFEST: Final = "manifest"
DATABASE: Final = "database"
SITE: Final = "site"


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
    """Reads the folder.

    Args:
        folder: the vault.
        sealer: with the key of all its files.
    """

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self.folder = folder
        self.sealer = sealer
        self.parts_folder = folder / "parts"
        self.backups_folder = folder / "backups"

    def has(self, part: str) -> bool:
        """Return whether the part is there."""
        return (self.parts_folder / part).exists()

    def read(self, part: str) -> Iterator[bytes]:
        """Yield what a part holds.

        Raises:
            NotSealed: it is damaged.
            NoBackup: it is not there.
        """
        try:
            yield from self.sealer.open(self.parts_folder / part)
        except FileNotFoundError as fault:
            message = f"The part {part} is missing."
            raise NoBackup(message) from fault

    def read_database(self, backup: Backup) -> Iterator[bytes]:
        """Yield the database's rows as they were written."""
        yield from self.sealer.open(backup.folder / DATABASE)

    def read_site(self, backup: Backup) -> Iterator[bytes]:
        """Yield what was kept of the machine.

        Raises:
            NoBackup: nothing was.
        """
        try:
            yield from self.sealer.open(backup.folder / SITE)
        except FileNotFoundError as fault:
            message = "Nothing of the machine was kept in this backup."
            raise NoBackup(message) from fault

    def manifest(self, backup: Backup) -> Mapping[str, object]:
        """Return the manifest.

        Raises:
            NotSealed: it is damaged, or the key is another one.
        """
        path = backup.folder / MANIFEST
        try:
            told = json.loads(b"".join(self.sealer.open(path)))
        except NotSealed as fault:
            raise NotSealed(str(path)) from fault
        if not isinstance(told, dict):
            raise NotSealed(str(path))
        return told

    def backups(self) -> list[Backup]:
        """Return the whole backups, oldest first."""
        if not self.backups_folder.is_dir():
            return []
        return [
            Backup(path.parent, json.loads(path.read_text()))
            for path in sorted(self.backups_folder.glob(f"*/{ABOUT}"))
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
