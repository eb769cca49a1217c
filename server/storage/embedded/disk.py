"""What lies on the disk: one folder for each version, moved into place by one rename.

    objects/<folder of the key>/<version id>/object.json   what is known about it
                                             00001         its bytes (or 00001, 00002, … its parts)
    uploads/<upload id>/                                   multipart uploads (`multipart.py`)
    staging/                                               what is being written; emptied at start

A version is prepared in `staging`, flushed, and renamed: a crash at any moment leaves it wholly
there or not at all. Version ids begin with the moment of that rename in milliseconds, and grow
strictly for one key, so the version that arrived first stays the first for ever.
All functions here block; callers run them in threads.
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.names import folder_of

_ABOUT = "object.json"
_VERSION_ID_LENGTH = 32
_MILLISECONDS_LENGTH = 12


@dataclass(frozen=True)
class About:
    """What is kept beside the bytes of a version."""

    key: str
    etag: str = ""
    part_sizes: tuple[int, ...] = ()
    """Bytes in each file of the version, in order; a single PUT has one."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers answered with the object: its type, disposition and x-amz-meta-…"""
    is_delete_marker: bool = False

    @property
    def size_bytes(self) -> int:
        """Return the length of the whole object in bytes."""
        return sum(self.part_sizes)


@dataclass(frozen=True)
class Version:
    """One version in its place."""

    about: About
    version_id: str
    folder: Path

    @property
    def last_modified(self) -> datetime:
        """Return the moment it was put in place, aware UTC, in milliseconds."""
        return datetime.fromtimestamp(_milliseconds(self.version_id) / 1000, UTC)


class Disk:
    """The versions of all keys below one folder."""

    def __init__(self, root: Path) -> None:
        self.objects = root / "objects"
        self.uploads = root / "uploads"
        self._staging = root / "staging"
        # Nothing in it was ever answered with 200.
        shutil.rmtree(self._staging, ignore_errors=True)
        for folder in (self.objects, self.uploads, self._staging):
            folder.mkdir(parents=True, exist_ok=True)
        sync_folder(root)
        # Held while folders appear and vanish, so that no one is removed below a new version.
        self._lock = threading.Lock()

    def stage(self) -> Path:
        """Return a new empty folder to prepare a version in."""
        folder = self._staging / secrets.token_hex(16)
        folder.mkdir()
        return folder

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a staged folder that is gone at the end, unless it has become a version."""
        folder = self.stage()
        try:
            yield folder
        finally:
            self.discard(folder)

    def discard(self, staged: Path) -> None:
        """Remove a staged folder that did not become a version."""
        shutil.rmtree(staged, ignore_errors=True)

    def commit(self, staged: Path, about: About, *, only_if_absent: bool = False) -> Version:
        """Make a staged folder the newest version of its key; durable on return.

        Args:
            staged: a folder that holds the flushed files `00001` and on.
            about: what is known about them.
            only_if_absent: refuse when the key has an object.

        Raises:
            S3Fault: PreconditionFailed; KeyTooLongError.
        """
        holder = self.objects / folder_of(about.key)
        write_durably(staged / _ABOUT, json.dumps(about.__dict__).encode())
        sync_folder(staged)
        with self._lock:
            ids = self.version_ids(about.key)
            if only_if_absent and ids and not self._read(holder, ids[0]).about.is_delete_marker:
                raise S3Fault(Code.PRECONDITION_FAILED)
            _make_folders(holder, self.objects)
            # One millisecond after the newest at least: also when the clock was set back.
            after = _milliseconds(ids[0]) + 1 if ids else 0
            now = max(time.time_ns() // 1_000_000, after)
            version_id = f"{now:012x}{secrets.token_hex(10)}"
            staged.rename(holder / version_id)
            sync_folder(holder)
        return Version(about, version_id, holder / version_id)

    def version_ids(self, key: str) -> list[str]:
        """Return the ids of a key's versions and delete markers, newest first."""
        return _ids_in(self.objects / folder_of(key))

    def versions(self, key: str) -> list[Version]:
        """Return a key's versions and delete markers, newest first."""
        holder = self.objects / folder_of(key)
        return [version for id_ in _ids_in(holder) if (version := self._find(holder, id_))]

    def newest(self, key: str) -> Version | None:
        """Return a key's newest version or delete marker."""
        holder = self.objects / folder_of(key)
        for version_id in _ids_in(holder):
            if version := self._find(holder, version_id):
                return version
        return None

    def version(self, key: str, version_id: str) -> Version | None:
        """Return one version or delete marker."""
        return self._find(self.objects / folder_of(key), version_id)

    def remove(self, key: str, version_id: str) -> Version | None:
        """Remove one version for good; return what it was, or None when it was not there."""
        holder = self.objects / folder_of(key)
        with self._lock:
            version = self._find(holder, version_id)
            if version is None:
                return None
            # Renamed first: a version half removed must not be seen.
            doomed = self._staging / secrets.token_hex(16)
            version.folder.rename(doomed)
            sync_folder(holder)
            _remove_empty(holder, self.objects)
        self.discard(doomed)
        return version

    def _find(self, holder: Path, version_id: str) -> Version | None:
        if len(version_id) != _VERSION_ID_LENGTH or not version_id.isalnum():
            return None
        try:
            return self._read(holder, version_id)
        except FileNotFoundError:
            return None  # Removed since it was listed.

    def _read(self, holder: Path, version_id: str) -> Version:
        stored = json.loads((holder / version_id / _ABOUT).read_bytes())
        stored["part_sizes"] = tuple(stored["part_sizes"])
        return Version(About(**stored), version_id, holder / version_id)


def part_name(number: int) -> str:
    """Return the name of a version's file that holds its part of that number, from 1."""
    return f"{number:05d}"


def write_durably(path: Path, data: bytes) -> None:
    """Write a small file and flush it to the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ids_in(holder: Path) -> list[str]:
    try:
        return sorted(os.listdir(holder), reverse=True)  # noqa: PTH208 - names are all we need
    except (FileNotFoundError, NotADirectoryError):
        return []


def _milliseconds(version_id: str) -> int:
    return int(version_id[:_MILLISECONDS_LENGTH], 16)


def _make_folders(folder: Path, top: Path) -> None:
    if folder == top or folder.is_dir():
        return
    _make_folders(folder.parent, top)
    folder.mkdir()
    sync_folder(folder.parent)


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top:
        try:
            folder.rmdir()
        except OSError:
            return  # It holds something else.
        folder = folder.parent
