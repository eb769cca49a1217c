"""Multipart uploads that nobody will complete: their parts take up room until they are aborted."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.storage.interface import BegunUpload
from server.storage.keys import attempt_of, file_id_of
from worker.context import Context
from worker.maintenance.rounds import tell_repaired

# Between the creation of an upload and the commit of its row, and while it is being completed.
_FRESH: Final = timedelta(hours=1)
_ENDED_WITHIN: Final = timedelta(days=2)


class StaleParts:
    """Aborts multipart uploads of files that wait for no bytes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._aborted: set[UUID] = set()

    async def abort(self) -> None:
        """Abort what the store lists, and what given-up files began.

        Both: MinIO lists the uploads of one key only, other stores forget nothing.
        """
        before = self._context.clock() - _FRESH
        for begun in await self._context.storage.list_multiparts():
            if begun.initiated_at < before and not await self._is_awaited(begun):
                await self._context.storage.abort_multipart(begun.key, begun.multipart_id)
                tell_repaired("multipart", key=begun.key)
        for file in await self._given_up():
            if file.multipart_id is not None:
                await self._context.storage.abort_multipart(file.object_key, file.multipart_id)
            self._aborted.add(file.file_id)

    async def _is_awaited(self, begun: BegunUpload) -> bool:
        file_id = file_id_of(begun.key)
        if file_id is None:
            return True  # not ours to judge
        async with self._context.units.begin() as unit:
            file = await unit.session.get(File, UUID(file_id))
        if file is None:
            return False
        attempt = attempt_of(begun.key)
        if attempt is not None:
            return file.lease_owner is not None and file.attempt == attempt
        return file.is_at is Stage.AWAITING_UPLOAD and file.multipart_id == begun.multipart_id

    async def _given_up(self) -> list[File]:
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File).where(
                    File.stage == str(Stage.FAILED),
                    col(File.outcome).in_((str(Outcome.NEVER_UPLOADED), str(Outcome.CANCELLED))),
                    col(File.multipart_id).is_not(None),
                    col(File.completed_at) > self._context.clock() - _ENDED_WITHIN,
                )
            )
            return [file for file in found if file.file_id not in self._aborted]
