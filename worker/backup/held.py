"""The vault while one process holds it: a backup is written, older ones are forgotten.

By one at a time: what one has written is not referred to before it is finished, so that another one
that forgets would take it for unneeded. Reading asks for nothing: what is whole is never changed.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from server.clock import utc_now
from worker.backup.lock import locked
from worker.backup.vault import ABOUT, DATABASE, MANIFEST, SITE, Vault

_LOCK: Final = "lock"
_DRAFT: Final = ".draft"
_NAME: Final = re.compile(r"\d{8}T\d{12}Z")


@contextmanager
def hold(vault: Vault) -> Iterator["HeldVault"]:
    """Hold the vault within the block; what an interrupted backup left is removed first.

    Raises:
        Busy: another process holds it.
        OSError: it cannot be written, or its file system knows no locks.
    """
    vault.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(vault.folder / _LOCK, utc_now()):
        held = HeldVault(vault.folder, vault.sealer)
        held.clear()
        yield held


class HeldVault(Vault):
    """Writes the folder; see `hold`."""

    def clear(self) -> None:
        """Remove what was never finished: a dump of the database with nothing that refers to it."""
        for folder in (self.parts_folder, self.backups_folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in self.parts_folder.glob(f"*{_DRAFT}"):
            path.unlink()
        for folder in self.backups_folder.iterdir():
            if _NAME.fullmatch(folder.name) and not (folder / ABOUT).exists():
                for path in folder.iterdir():
                    path.unlink()
                folder.rmdir()

    def begin(self, at: datetime) -> Path:
        """Make the folder of a new backup; return it."""
        folder = self.backups_folder / at.strftime("%Y%m%dT%H%M%S%fZ")
        folder.mkdir(mode=0o700)
        return folder

    async def keep(self, part: str, content: AsyncIterator[bytes]) -> int:
        """Write a part; return its size (bytes)."""
        return await self._write(self.parts_folder / part, content)

    async def keep_database(self, folder: Path, content: AsyncIterator[bytes]) -> int:
        """Write the database's rows; return the size (bytes)."""
        return await self._write(folder / DATABASE, content)

    async def keep_site(self, folder: Path, content: AsyncIterator[bytes]) -> int:
        """Write what belongs to the machine rather than to the data; return the size (bytes)."""
        return await self._write(folder / SITE, content)

    async def finish(
        self, folder: Path, manifest: Mapping[str, object], about: Mapping[str, object]
    ) -> None:
        """Write the manifest, and then that the backup is whole."""

        async def told() -> AsyncIterator[bytes]:
            yield json.dumps(manifest).encode()

        await self._write(folder / MANIFEST, told())
        draft = folder / f"{ABOUT}{_DRAFT}"
        draft.write_text(json.dumps(about, indent=2) + "\n")
        _make_durable(draft)
        draft.replace(folder / ABOUT)
        _make_durable(folder)

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
            for name in (ABOUT, MANIFEST, DATABASE, SITE):
                (backup.folder / name).unlink(missing_ok=True)
            backup.folder.rmdir()
        removed = 0
        for path in self.parts_folder.iterdir():
            if path.name not in needed:
                path.unlink()
                removed += 1
        return removed

    async def _write(self, path: Path, content: AsyncIterator[bytes]) -> int:
        draft = path.with_name(f"{path.name}{_DRAFT}")
        size = await self.sealer.seal(draft, content)
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
