"""How bytes become a file: the oldest version under the key is pinned, whoever tells of it first.

A storage event, the caller's `/complete` and the sweep may all come, in any order, twice or never:
the move is a compare-and-set, and who loses it changes nothing. Comes after `uploads.py`; then a
worker is woken.
"""

from typing import NamedTuple
from uuid import UUID

import structlog
from sqlmodel import col

from server.clock import Clock
from server.errors import StorageUnavailable
from server.files.failures import DESTROYING, FailureCode, FileFailed
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.files.repository import Cause, change, find_file, move, note
from server.operations.repository import ANNOUNCED, note_operation
from server.storage.interface import ObjectVersion, Storage
from server.storage.keys import derived_prefix, file_id_of, is_announced_probe
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)


def is_awaited(file: File) -> bool:
    """Return whether bytes that arrive now become the file.

    So they do for a file that was given up because nothing came (a PUT may have begun in time and
    ended late), and not for one that was cancelled.
    """
    if file.is_at is Stage.AWAITING_UPLOAD:
        return True
    return file.is_at is Stage.FAILED and file.ended_as is Outcome.NEVER_UPLOADED


class Arrival(NamedTuple):
    """What a look for a file's bytes brought."""

    file: File | None
    """As it is now; None when there is no such file, or nothing has arrived."""
    is_news: bool
    """The bytes are there, and this look is the one that pinned them."""


class Arrivals:
    """Looks for the bytes of files and pins them."""

    def __init__(self, units: UnitsOfWork, storage: Storage, clock: Clock) -> None:
        self._units = units
        self._storage = storage
        self._clock = clock

    async def pin(self, file_id: UUID, actor: str) -> File | None:
        """Pin the first object that arrived, queue the file and wake a worker. Idempotent.

        Args:
            file_id: the file, of whatever workspace.
            actor: who says so, for the history.

        Returns:
            The file as it is now; None when there is no such file, or nothing has arrived.

        Raises:
            StorageUnavailable: the store does not answer.
        """
        return (await self.look(file_id, actor)).file

    async def look(self, file_id: UUID, actor: str) -> Arrival:
        """Pin as `pin` does, and say whether it was this look that did it."""
        async with self._units.begin() as unit:
            file = await find_file(unit, file_id)
        if file is None or not is_awaited(file):
            return Arrival(file, is_news=False)
        found = await self._storage.oldest_version(file.object_key)
        if found is None:
            return Arrival(None, is_news=False)
        async with self._units.begin() as unit:
            moved = await move(
                unit,
                file,
                Stage.QUEUED,
                Cause(actor, "object.pinned", self._clock(), {"sizeBytes": found.size_bytes}),
                changes=_pinned(file, found),
                # A cancelled file is Failed too, and must stay so.
                where=[col(File.outcome) == file.outcome] if file.outcome else [],
            )
            if moved is None:
                return Arrival(await find_file(unit, file_id), is_news=False)
            unit.wake_after_commit("ingest", file_id)
        return Arrival(moved, is_news=True)

    async def take_notice(self, key: str, version_id: str | None) -> None:
        """Act on the store's word that an object was created; unknown keys are left alone.

        A version other than the pinned one is for `remove_later_versions`, in a worker.

        Raises:
            StorageUnavailable: the store does not answer; it may send its event again.
        """
        if is_announced_probe(key):
            async with self._units.begin() as unit:
                await note_operation(unit, ANNOUNCED, self._clock(), {"key": key})
        file_id = file_id_of(key)
        if file_id is None:
            return
        file = await self.pin(UUID(file_id), "storage")
        if file is None or file.object_key != key or not version_id:
            return
        if file.object_version not in (None, version_id) or _is_refused(file):
            async with self._units.begin() as unit:
                unit.wake_after_commit("tidy", file.file_id)

    async def give_up(self, file_id: UUID, actor: str) -> bool:
        """End a file whose bytes never came; looks once more, so that none is given up in error.

        Returns:
            True when the file was given up.

        Raises:
            StorageUnavailable: the store does not answer, so nothing can be known.
        """
        if await self.pin(file_id, actor) is not None:
            return False
        async with self._units.begin() as unit:
            file = await find_file(unit, file_id)
            if file is None or file.is_at is not Stage.AWAITING_UPLOAD:
                return False
            now = self._clock()
            changes = {
                "outcome": str(Outcome.NEVER_UPLOADED),
                "failure": FileFailed(FailureCode.UPLOAD_EXPIRED).as_json(),
                "completed_at": now,
            }
            cause = Cause(actor, "upload.expired", now)
            moved = await move(unit, file, Stage.FAILED, cause, changes=changes)
        if moved is not None and moved.multipart_id is not None:
            await self.abort_parts(moved)
        return moved is not None

    async def remove_later_versions(self, file_id: UUID, actor: str) -> int:
        """Remove what was PUT to the URL after the pinned version; return how many there were.

        Best effort: nobody ever reads them, they only take up room. Idempotent.
        """
        async with self._units.begin() as unit:
            file = await find_file(unit, file_id)
        if file is not None and _is_refused(file):
            return await self.destroy(file_id, actor) or 0
        if file is None or file.object_version is None:
            return 0
        versions = await self._storage.list_versions(file.object_key)
        later = [found for found in versions if found.version_id != file.object_version]
        if len(later) == len(versions):
            # The pinned version is not in the store: what is there is all there is to look into.
            return 0
        for found in later:
            await self._storage.remove_version(file.object_key, found.version_id)
        if later:
            async with self._units.begin() as unit:
                detail = {"count": len(later), "sizeBytes": sum(v.size_bytes for v in later)}
                await note(unit, file, Cause(actor, "object.later-removed", self._clock(), detail))
        return len(later)

    async def destroy(self, file_id: UUID, actor: str) -> int | None:
        """Remove all that was PUT to the file's URL or derived from it: it may not be kept.

        Idempotent.

        Returns:
            How many versions there were; None when there was nothing to do, or whoever did it at
            the same time has noted it.

        Raises:
            StorageUnavailable: the store does not answer; the sweep comes again.
        """
        async with self._units.begin() as unit:
            file = await find_file(unit, file_id)
        if file is None:
            return None
        keys = [file.object_key]
        prefix = derived_prefix(file.workspace_id, str(file_id))
        keys += [found.key async for found in self._storage.list_objects(prefix)]
        count = 0
        for key in keys:
            for found in await self._storage.list_versions(key):
                await self._storage.remove_version(key, found.version_id)
                count += 1
        if not count and file.object_version is None:
            return None
        async with self._units.begin() as unit:
            cause = Cause(actor, "object.destroyed", self._clock(), {"count": count})
            # Only now: as long as it stands, the sweep finds the file and comes back.
            noted = await change(
                unit,
                file_id,
                cause,
                values={"object_version": None},
                where=[col(File.version) == file.version],
                before=file.is_at,
            )
        return count if noted is not None else None

    async def abort_parts(self, file: File) -> None:
        """Give a multipart upload up, as well as it goes; the store expires stale ones itself."""
        if file.multipart_id is None:
            return
        try:
            await self._storage.abort_multipart(file.object_key, file.multipart_id)
        except StorageUnavailable:
            logger.warning("multipart.not-aborted", file_id=str(file.file_id))


def _is_refused(file: File) -> bool:
    return file.failure is not None and file.failure.get("code") in DESTROYING


def _pinned(file: File, found: ObjectVersion) -> dict[str, object]:
    return {
        "object_version": found.version_id,
        "etag": found.etag,
        "size_bytes": found.size_bytes,
        # Known already where a restore put the bytes back: they keep their place among the others.
        "uploaded_at": file.uploaded_at or found.last_modified,
        "progress": {"bytesDone": 0, "bytesTotal": found.size_bytes, "rowsDone": 0},
        "outcome": None,
        "failure": None,
        "completed_at": None,
        "faults": 0,
        "outages": 0,
        "not_before": None,
    }
