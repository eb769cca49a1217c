"""Multipart uploads on the disk: parts gather in one folder, which becomes the version's folder.

    uploads/<upload id>/upload.json      the key and the headers of the object to be
                        00001-<etag>     a part that has arrived

Completing joins nothing: the parts stay files of their own, renamed to `00001` and on, and the
folder is moved into place by `Disk.commit`. It takes the same time for 5 MiB and for 5 GiB.
All methods block; callers run them in threads.
"""

import hashlib
import json
import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from server.storage.embedded.disk import (
    About,
    Disk,
    Version,
    part_name,
    sync_folder,
    write_durably,
)
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.names import folder_of

MAX_PARTS = 10_000
# S3's own: without it 10 000 parts of a byte each would be an object of 10 000 files.
MIN_PART_BYTES = 5 * 2**20

_ABOUT = "upload.json"
_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"([0-9]{5})-([0-9a-f]{32})")
# As MinIO's stale_uploads_expiry: an upload that nobody completed for a day is given up.
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Upload:
    """A multipart upload that has begun."""

    upload_id: str
    key: str
    headers: dict[str, str]
    initiated: datetime


@dataclass(frozen=True)
class Part:
    """A part that has arrived."""

    number: int
    etag: str
    size_bytes: int
    last_modified: datetime


class Uploads:
    """The multipart uploads of one store."""

    def __init__(self, disk: Disk, *, max_object_bytes: int) -> None:
        self._disk = disk
        self._max_object_bytes = max_object_bytes
        # Held while a part takes its place and while an upload ends.
        self._lock = threading.Lock()
        self._remove_stale()

    def create(self, key: str, headers: dict[str, str]) -> str:
        """Return the id of a new upload."""
        folder_of(key)  # A key that cannot be stored is refused before anything is sent.
        upload_id = secrets.token_hex(16)
        staged = self._disk.stage()
        write_durably(staged / _ABOUT, json.dumps({"key": key, "headers": headers}).encode())
        staged.rename(self._disk.uploads / upload_id)
        sync_folder(self._disk.uploads)
        return upload_id

    def find(self, key: str, upload_id: str) -> Upload:
        """Return the upload.

        Raises:
            S3Fault: NoSuchUpload, also when it is for another key.
        """
        upload = self._read(upload_id)
        if upload is None or upload.key != key:
            raise S3Fault(Code.NO_SUCH_UPLOAD)
        return upload

    def list_all(self, prefix: str) -> list[Upload]:
        """Return the uploads whose key begins with prefix, by key and time."""
        found = (self._read(folder.name) for folder in self._disk.uploads.iterdir())
        uploads = [upload for upload in found if upload and upload.key.startswith(prefix)]
        return sorted(uploads, key=lambda upload: (upload.key, upload.initiated))

    def put_part(self, upload: Upload, number: int, staged: Path, etag: str) -> None:
        """Move a flushed file in place as a part; it replaces one of the same number."""
        folder = self._disk.uploads / upload.upload_id
        with self._lock:
            if not folder.is_dir():
                raise S3Fault(Code.NO_SUCH_UPLOAD)
            for name in [path for path in folder.iterdir() if path.name[:5] == part_name(number)]:
                name.unlink()
            staged.rename(folder / f"{part_name(number)}-{etag}")
            sync_folder(folder)

    def parts(self, upload: Upload) -> list[Part]:
        """Return the parts that have arrived, by number."""
        found: list[Part] = []
        for path in sorted((self._disk.uploads / upload.upload_id).glob("?????-*")):
            if match := _PART.fullmatch(path.name):
                stat = path.stat()
                arrived = datetime.fromtimestamp(stat.st_mtime, UTC)
                found.append(Part(int(match[1]), match[2], stat.st_size, arrived))
        return found

    def complete(self, upload: Upload, wanted: list[tuple[int, str]]) -> Version:
        """Make the wanted parts the newest version of the key.

        Args:
            upload: the upload; it is gone afterwards.
            wanted: numbers and ETags, in ascending order of numbers.

        Raises:
            S3Fault: InvalidPart, InvalidPartOrder, EntityTooSmall, EntityTooLarge, NoSuchUpload.
        """
        with self._lock:
            self.find(upload.key, upload.upload_id)
            joined = self._check(self.parts(upload), wanted)
            folder = self._disk.uploads / upload.upload_id
            # Parts that were not wanted go first: a crash after this leaves an upload that can be
            # completed with the same list again.
            for path in folder.glob("?????-*"):
                if path.name not in {f"{part_name(p.number)}-{p.etag}" for p in joined}:
                    path.unlink()
            about = About(
                key=upload.key,
                etag=_etag_of(joined),
                part_sizes=tuple(part.size_bytes for part in joined),
                headers=upload.headers,
            )
            with self._disk.staging() as staged:
                for position, part in enumerate(joined, start=1):
                    # Linked, not moved, for the same reason.
                    arrived = folder / f"{part_name(part.number)}-{part.etag}"
                    (staged / part_name(position)).hardlink_to(arrived)
                version = self._disk.commit(staged, about)
            self._remove(upload.upload_id)
        return version

    def abort(self, upload: Upload) -> None:
        """Remove an upload and its parts."""
        with self._lock:
            self._remove(upload.upload_id)

    def _check(self, arrived: list[Part], wanted: list[tuple[int, str]]) -> list[Part]:
        by_number = {part.number: part for part in arrived}
        numbers = [number for number, _ in wanted]
        if not numbers:
            raise S3Fault(Code.MALFORMED_XML)
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise S3Fault(Code.INVALID_PART_ORDER)
        joined: list[Part] = []
        for number, etag in wanted:
            part = by_number.get(number)
            if part is None or part.etag != etag:
                raise S3Fault(Code.INVALID_PART)
            joined.append(part)
        if any(part.size_bytes < MIN_PART_BYTES for part in joined[:-1]):
            raise S3Fault(Code.ENTITY_TOO_SMALL)
        if sum(part.size_bytes for part in joined) > self._max_object_bytes:
            raise S3Fault(Code.ENTITY_TOO_LARGE)
        return joined

    def _read(self, upload_id: str) -> Upload | None:
        if not _UPLOAD_ID.fullmatch(upload_id):
            return None
        path = self._disk.uploads / upload_id / _ABOUT
        try:
            stored = json.loads(path.read_bytes())
            initiated = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None
        return Upload(upload_id, stored["key"], stored["headers"], initiated)

    def _remove(self, upload_id: str) -> None:
        doomed = self._disk.stage()
        (self._disk.uploads / upload_id).rename(doomed)
        sync_folder(self._disk.uploads)
        self._disk.discard(doomed)

    def _remove_stale(self) -> None:
        before = time.time() - _STALE_SECONDS
        for folder in self._disk.uploads.iterdir():
            # A folder's time is that of the last part that arrived in it.
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)


def _etag_of(parts: list[Part]) -> str:
    joined = b"".join(bytes.fromhex(part.etag) for part in parts)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(parts)}"
