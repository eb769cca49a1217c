"""What callers can do with a file once it exists: complete, cancel, reprocess, undo, download.

Every method is one transaction; what it wakes leaves after the commit. Asking for an upload is in
`uploads.py`, the pinning of what arrived in `arrival.py`. Comes between `controller.py` and
`repository.py`.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlmodel import col, or_

from server.access.principal import Principal
from server.audit.actions import Action
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.errors import StateConflict, StorageUnavailable
from server.files.answers import FileAnswer, answer_file
from server.files.arrival import Arrivals, is_awaited
from server.files.attachment import attachment
from server.files.audited import tell
from server.files.failures import FailureCode, FileFailed
from server.files.history import HistoryPage, answer_history
from server.files.lifecycle import Outcome, Stage
from server.files.listing import Page, Query, count_unsent, list_files
from server.files.mapped import SavedMappings
from server.files.models import File
from server.files.repository import Cause, change, get_file, list_events, move
from server.files.schemas import PartSent
from server.files.standing import keep_standing
from server.files.uploads import Uploads
from server.files.watching import Watcher
from server.settings import Settings
from server.storage.interface import Storage
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)

# Long enough to click a link that was shown, short enough that it is worth nothing in a log.
_ORIGINAL_EXPIRES_IN = timedelta(minutes=5)


class FileService:
    """The life of files, as far as callers steer it."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        storage: Storage,
        catalogue: Catalogue,
        settings: Settings,
        clock: Clock,
        mappings: SavedMappings,
    ) -> None:
        self.uploads = Uploads(
            units=units,
            storage=storage,
            catalogue=catalogue,
            settings=settings,
            clock=clock,
            mappings=mappings,
        )
        self.arrivals = Arrivals(units, storage, clock)
        self.watcher = Watcher(units)
        self._units = units
        self._storage = storage
        self._clock = clock

    async def get(self, workspace_id: str, file_id: UUID) -> File:
        """Return the file.

        Raises:
            FileNotFound: there is none of that id in this workspace.
        """
        async with self._units.begin() as unit:
            return await get_file(unit, workspace_id, file_id)

    async def page(self, workspace_id: str, query: Query) -> Page:
        """Return one page of the workspace's files."""
        async with self._units.begin() as unit:
            return await list_files(unit, workspace_id, query)

    async def count_unsent(self, workspace_id: str) -> int:
        """Return how many files were asked for and never sent."""
        async with self._units.begin() as unit:
            return await count_unsent(unit, workspace_id)

    async def history(self, workspace_id: str, file_id: UUID) -> HistoryPage:
        """Return every change of the file.

        Raises:
            FileNotFound: there is none of that id in this workspace.
        """
        async with self._units.begin() as unit:
            file = await get_file(unit, workspace_id, file_id)
            return answer_history(await list_events(unit, file))

    async def complete(
        self, principal: Principal, file_id: UUID, parts: list[PartSent] | None = None
    ) -> FileAnswer:
        """Take the caller's word that the bytes were sent, and look for them.

        A hint only: when the store does not answer or the object is not there yet, the file stays
        as it is, and the store's event or the sweep will find the bytes. Idempotent.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: the upload was cancelled, or the parts cannot be joined.
        """
        file = await self.get(principal.workspace_id, file_id)
        if file.ended_as is Outcome.CANCELLED:
            raise StateConflict(_refusal(file, "completed", "Pending"))
        if not is_awaited(file):
            return answer_file(file)
        try:
            await self.uploads.join(file, parts)
            arrived = await self.arrivals.pin(file_id, principal.name)
        except StorageUnavailable:
            logger.warning("storage.unavailable", file_id=str(file_id), step="complete")
            arrived = None
        return answer_file(arrived or file)

    async def cancel(self, principal: Principal, file_id: UUID) -> FileAnswer:
        """Give up a Pending file.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: the file is not Pending any more.
        """
        async with self._units.begin() as unit:
            file = await get_file(unit, principal.workspace_id, file_id)
            if file.is_at is not Stage.AWAITING_UPLOAD:
                raise StateConflict(_refusal(file, "cancelled", "Pending"))
            now = self._clock()
            changes = {
                "outcome": str(Outcome.CANCELLED),
                "failure": FileFailed(FailureCode.CANCELLED).as_json(),
                "completed_at": now,
            }
            cause = Cause(principal.name, "upload.cancelled", now)
            moved = await move(unit, file, Stage.FAILED, cause, changes=changes)
            if moved is None:
                raise StateConflict(_refusal(file, "cancelled", "Pending"))
            await tell(unit, Action.UPLOAD_CANCELLED, principal, file, now)
        await self.arrivals.abort_parts(moved)
        return answer_file(moved)

    async def reprocess(self, principal: Principal, file_id: UUID) -> FileAnswer:
        """Have the pinned bytes judged and loaded again; the file keeps its place in time.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: not Completed or Failed, no bytes ever arrived, or an undo is under way.
        """
        async with self._units.begin() as unit:
            file = await get_file(unit, principal.workspace_id, file_id)
            moved = None
            if _may_reprocess(file):
                cause = Cause(principal.name, "reprocess.requested", self._clock())
                changes = {**_ANEW, "standing": _standing(file)}
                unchanged = [col(File.version) == file.version]
                moved = await move(
                    unit, file, Stage.QUEUED, cause, changes=changes, where=unchanged
                )
            if moved is None:
                raise StateConflict(_refusal(file, "reprocessed", "Completed or Failed"))
            await tell(unit, Action.REPROCESS_REQUESTED, principal, file, self._clock())
            unit.wake_after_commit("ingest", file_id)
        return answer_file(moved)

    async def undo(self, principal: Principal, file_id: UUID) -> FileAnswer:
        """Ask for the file's rows to be taken back; `undone_at` tells when readers see it.

        Repeating it changes nothing.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: the file is not Completed, or its time to be undone is over.
        """
        async with self._units.begin() as unit:
            now = self._clock()
            marked = await change(
                unit,
                (await get_file(unit, principal.workspace_id, file_id)).file_id,
                Cause(principal.name, "undo.requested", now),
                values={"undo_requested_at": now, "faults": 0, "not_before": None},
                where=[
                    col(File.stage) == str(Stage.COMPLETED),
                    col(File.undo_requested_at).is_(None),
                    or_(col(File.undo_until).is_(None), col(File.undo_until) > now),
                ],
            )
            file = marked or await get_file(unit, principal.workspace_id, file_id)
            if file.is_at is not Stage.COMPLETED:
                raise StateConflict(_refusal(file, "undone", "Completed"))
            if file.undo_requested_at is None:
                detail = f"The file could be undone until {file.undo_until:%Y-%m-%d %H:%M} UTC."
                raise StateConflict(detail)
            if marked is not None:
                await tell(unit, Action.UNDO_REQUESTED, principal, file, now)
            if file.undone_at is None:
                unit.wake_after_commit("undo", file_id)
        return answer_file(file)

    async def note_download(self, action: Action, principal: Principal, file: File) -> None:
        """Write into the audit trail that somebody took rows or bytes of the file out."""
        async with self._units.begin() as unit:
            await tell(unit, action, principal, file, self._clock())

    async def original_url(self, principal: Principal, file_id: UUID) -> str:
        """Return a short-lived URL that downloads the pinned bytes, and note who asked for it.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: no bytes have arrived.
        """
        file = await self.get(principal.workspace_id, file_id)
        if file.object_version is None:
            raise StateConflict(_refusal(file, "downloaded", "sent"))
        await self.note_download(Action.ORIGINAL_DOWNLOADED, principal, file)
        return self._storage.presign_get(
            file.object_key,
            version_id=file.object_version,
            expires_in=_ORIGINAL_EXPIRES_IN,
            public=True,
            response_headers={
                "response-content-disposition": attachment(file.name),
                "response-content-type": "application/octet-stream",
            },
        )


# What a new round begins with; statistics and issues stay until the round has its own.
_ANEW: dict[str, object] = {
    "outcome": None,
    "failure": None,
    "completed_at": None,
    "started_at": None,
    "undone_at": None,
    "undo_requested_at": None,
    "duplicate_of": None,
    "faults": 0,
    "outages": 0,
    "not_before": None,
}


def _may_reprocess(file: File) -> bool:
    if not file.is_at.status.is_final or file.object_version is None:
        return False
    return file.undo_requested_at is None or file.undone_at is not None


def _standing(file: File) -> dict[str, object] | None:
    # What failed before has nothing that could stand again.
    return keep_standing(file) if file.is_at is Stage.COMPLETED else None


def _refusal(file: File, done: str, needed: str) -> str:
    if file.is_at.status.is_final and file.object_version is None and done != "cancelled":
        lack = "never arrived" if file.size_bytes is None else "are not kept any more"
        return f"The file cannot be {done}: its bytes {lack}."
    if file.undo_requested_at is not None and file.undone_at is None:
        return f"The file cannot be {done}: it is being undone."
    return f"The file is {file.is_at.status}; only a file that is {needed} can be {done}."
