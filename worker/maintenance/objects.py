"""Objects without rows, and rows without objects.

What an attempt derived from a file is removed once the attempt is over. A file's own bytes are
never destroyed here: an object that no row knows (the database was restored, or somebody else wrote
it) is hidden by a delete marker, under which the bytes stay; a row whose object is gone is told so
in its history.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from server.files.lifecycle import Stage
from server.files.models import File, FileEvent
from server.files.repository import Cause, note
from server.storage.interface import ObjectVersion
from server.storage.keys import DERIVED, INCOMING, PROBES, attempt_of, file_id_of
from worker.context import Context
from worker.maintenance.rounds import tell_repaired

ACTOR: Final = "reconciler"
MISSING: Final = "object.missing"
# The whole bucket is listed: minutes of small calls for a million files.
_LISTED_EVERY_SECONDS: Final = 6 * 3600.0
_PAGE: Final = 500
# Longer than any check of the doctor's takes.
_PROBE_OVER: Final = timedelta(hours=1)
# Longer than any upload lasts, and than it takes to notice that a database was restored too old.
_STRAY_AFTER: Final = timedelta(days=7)


class Objects:
    """Compares the bucket with the rows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._listed_at = float("-inf")

    async def remove_derived(self) -> None:
        """Remove what attempts that are over derived from their files."""
        async for found in self._context.storage.list_objects(f"{DERIVED}/"):
            file_id, attempt = file_id_of(found.key), attempt_of(found.key)
            if file_id is None or attempt is None:
                continue
            async with self._context.units.begin() as unit:
                file = await unit.session.get(File, UUID(file_id))
            if file is not None and file.lease_owner is not None and file.attempt == attempt:
                continue
            for version in await self._context.storage.list_versions(found.key):
                await self._context.storage.remove_version(found.key, version.version_id)
            tell_repaired("derived", file_id=file_id, attempt=attempt)

    async def remove_probes(self) -> None:
        """Remove what a doctor left that was killed."""
        before = self._context.clock() - _PROBE_OVER
        async for found in self._context.storage.list_objects(f"{PROBES}/"):
            if found.last_modified < before:
                for version in await self._context.storage.list_versions(found.key):
                    await self._context.storage.remove_version(found.key, version.version_id)
                tell_repaired("probe", key=found.key)

    async def compare(self) -> None:
        """Compare all objects with all rows; now and then."""
        if time.monotonic() - self._listed_at < _LISTED_EVERY_SECONDS:
            return
        await self.hide_strays()
        await self.tell_missing()
        self._listed_at = time.monotonic()

    async def hide_strays(self) -> None:
        """Hide the objects that no row knows."""
        before = self._context.clock() - _STRAY_AFTER
        page: list[ObjectVersion] = []
        async for found in self._context.storage.list_objects(f"{INCOMING}/"):
            if file_id_of(found.key) is not None and found.last_modified < before:
                page.append(found)
            if len(page) == _PAGE:
                await self._hide_unknown(page)
                page = []
        await self._hide_unknown(page)

    async def _hide_unknown(self, page: Sequence[ObjectVersion]) -> None:
        ids = [UUID(file_id) for found in page if (file_id := file_id_of(found.key))]
        async with self._context.units.begin() as unit:
            rows = await unit.session.exec(
                select(File.object_key).where(col(File.file_id).in_(ids))
            )
            known = set(rows)
        for found in page:
            if found.key not in known:
                await self._context.storage.hide_object(found.key)
                tell_repaired("object-without-row", key=found.key, size_bytes=found.size_bytes)

    async def tell_missing(self) -> None:
        """Tell in the history of files whose bytes are needed no more for now that they are gone.

        A file that is yet to be judged finds out by itself.
        """
        started, after = self._context.clock(), UUID(int=0)
        prefix, listed = "", frozenset[str]()
        while True:
            files = await self._ended_files(after, started)
            for file in files:
                place = file.object_key.rpartition("/")[0] + "/"
                if place != prefix:
                    found = self._context.storage.list_objects(place)
                    prefix, listed = place, frozenset([item.key async for item in found])
                if file.object_key not in listed:
                    await self._tell_missing(file)
            if len(files) < _PAGE:
                return
            after = files[-1].file_id

    async def _ended_files(self, after: UUID, started: datetime) -> list[File]:
        # UUIDv7: in the order of asking, so that files of one day, and one prefix, come together.
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File)
                .where(
                    col(File.file_id) > after,
                    col(File.stage).in_((str(Stage.COMPLETED), str(Stage.FAILED))),
                    col(File.object_version).is_not(None),
                    col(File.uploaded_at) < started,
                )
                .order_by(col(File.file_id))
                .limit(_PAGE)
            )
            return list(found)

    async def _tell_missing(self, file: File) -> None:
        if await self._context.storage.oldest_version(file.object_key) is not None:
            return
        async with self._context.units.begin() as unit:
            told = await unit.session.exec(
                select(FileEvent.event_id).where(
                    FileEvent.file_id == file.file_id, FileEvent.cause == MISSING
                )
            )
            if told.first() is not None:
                return
            await note(unit, file, Cause(ACTOR, MISSING, self._context.clock()))
        tell_repaired("row-without-object", file_id=str(file.file_id))
