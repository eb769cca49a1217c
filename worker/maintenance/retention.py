"""What is kept for a time only, and let go when that is over: the settings that end in `_DAYS`.

Originals of ended files, and lines of their history. What readers see never depends on either: the
rows stay, and an undo fills its keys from other files' rows. Rows that can come back no more are
let go by `dead_rows.py`.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete
from sqlmodel import col, select

from server.files.lifecycle import Stage
from server.files.models import File, FileEvent
from server.files.repository import Cause, change
from server.operations.repository import RETENTION, end_operation, note_operation
from worker.context import Context
from worker.maintenance.rounds import tell_repaired

ACTOR: Final = "retention"
EXPIRED: Final = "original.expired"
_AT_ONCE: Final = 500
_ENDED: Final = [str(stage) for stage in Stage if stage.status.is_final]


class Retention:
    """Lets go what is over its time."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def expire_originals(self) -> None:
        """Remove the bytes of files that arrived longer ago than the setting says."""
        if not (days := self._context.settings.originals_days):
            return
        for file in await self._over(days):
            for version in await self._context.storage.list_versions(file.object_key):
                await self._context.storage.remove_version(file.object_key, version.version_id)
            if await self._note_expired(file):
                tell_repaired("original", file_id=str(file.file_id))

    async def _over(self, days: int) -> list[File]:
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File)
                .where(
                    *_ended_before(self._context.clock() - timedelta(days=days)),
                    col(File.object_version).is_not(None),
                )
                .order_by(col(File.file_id))
                .limit(_AT_ONCE)
            )
            return list(found)

    async def _note_expired(self, file: File) -> bool:
        async with self._context.units.begin() as unit:
            # Only now: as long as it stands, the next round comes back to what is left.
            noted = await change(
                unit,
                file.file_id,
                Cause(ACTOR, EXPIRED, self._context.clock(), {"sizeBytes": file.size_bytes}),
                values={"object_version": None},
                where=[col(File.version) == file.version],
            )
        return noted is not None

    async def prune_history(self) -> None:
        """Remove lines of history that are older than the setting says, of ended files."""
        if not (days := self._context.settings.history_days):
            return
        before = self._context.clock() - timedelta(days=days)
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(FileEvent.event_id)
                .join(File, col(File.file_id) == col(FileEvent.file_id))
                .where(col(FileEvent.at) < before, *_ended_before(before))
                .limit(_AT_ONCE)
            )
            lines: list[UUID] = list(found)
            if not lines:
                return
            # The database refuses to lose a line of history but in a transaction that says so;
            # nobody else ever sees the note.
            await note_operation(unit, RETENTION, self._context.clock())
            await unit.session.flush()
            await unit.session.exec(delete(FileEvent).where(col(FileEvent.event_id).in_(lines)))
            await end_operation(unit, RETENTION)
        tell_repaired("history", len(lines))


def _ended_before(before: datetime) -> list[ColumnElement[bool]]:
    """Return the conditions that nobody works on the file, and has not since then."""
    return [
        col(File.stage).in_(_ENDED),
        col(File.uploaded_at) < before,
        col(File.completed_at) < before,
        col(File.lease_owner).is_(None),
    ]
