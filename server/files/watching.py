"""Following files as they change: one shared look at the database for everybody who watches.

The rows' versions are read together, four times a second, and only rows that changed are read in
full. Used by the event stream (`events_controller.py`).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from server.errors import RateLimited
from server.files.models import File
from server.files.repository import find_file
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)

# Quick enough to look alive; four small queries a second, however many watch.
_LOOK_SECONDS: Final = 0.25
# Proxies cut a silent connection after 30 s or more.
_PING_SECONDS: Final = 15.0
# Streams of one process; each is a connection that stays open.
_MAX_WATCHERS: Final = 500


def is_over(file: File) -> bool:
    """Return whether nothing more happens to the file by itself."""
    is_being_undone = file.undo_requested_at is not None and file.undone_at is None
    return file.is_at.status.is_final and not is_being_undone


@dataclass(eq=False)
class _Watch:
    """One who watches: the version it was told, and the bell to ring when there is another."""

    version: int | None
    changed: asyncio.Event


class Watcher:
    """Tells of changes of files."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units
        self._watched: dict[UUID, set[_Watch]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def changes(self, file_id: UUID, since: int | None) -> AsyncIterator[File | None]:
        """Yield the file now and whenever it has changed, None every 15 s of silence.

        Ends after a final state, or when the file is gone.

        Args:
            file_id: the file.
            since: the version the caller knows; a file still at it is not told again.

        Raises:
            RateLimited: too many watch already.
        """
        with self._watch(file_id, since) as watch:
            while True:
                async with self._units.begin() as unit:
                    file = await find_file(unit, file_id)
                if file is None:
                    return
                if file.version != watch.version:
                    watch.version = file.version
                    yield file
                if is_over(file):
                    return
                while not await _happens(watch.changed):
                    yield None

    @contextmanager
    def _watch(self, file_id: UUID, version: int | None) -> Iterator[_Watch]:
        if sum(len(watches) for watches in self._watched.values()) >= _MAX_WATCHERS:
            detail = f"{_MAX_WATCHERS} event streams are open; poll the file instead."
            raise RateLimited(detail, headers={"Retry-After": "5"})
        watch = _Watch(version, asyncio.Event())
        self._watched.setdefault(file_id, set()).add(watch)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield watch
        finally:
            self._watched[file_id].discard(watch)
            if not self._watched[file_id]:
                del self._watched[file_id]

    async def _look(self) -> None:
        """Wake those whose file has another version, until nobody watches."""
        is_well = True
        while self._watched:
            await asyncio.sleep(_LOOK_SECONDS)
            watched = list(self._watched)
            try:
                async with self._units.begin() as unit:
                    versions = await unit.session.exec(
                        select(File.file_id, File.version).where(col(File.file_id).in_(watched))
                    )
                    found = list(versions)
                is_well = True
            except (SQLAlchemyError, OSError) as fault:
                if is_well:
                    logger.warning("watch.interrupted", cause=type(fault).__name__)
                is_well = False
                continue
            for file_id, version in found:
                for watch in self._watched.get(file_id, ()):
                    if watch.version != version:
                        watch.changed.set()


async def _happens(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await changed.wait()
    except TimeoutError:
        return False
    changed.clear()
    return True
