"""The parts of the appliance, and how they stand together: the inner half of the composition root.

Comes after every room's services, before `app.py`, which puts the HTTP side around them, and the
worker's context. Which systems stand behind the parts is a matter of addresses in the settings.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from server.access.request_units import RequestUnits
from server.access.room import AccessRoom, open_room
from server.access.service import AccessService
from server.analytics.gateway import Analytics
from server.clock import Clock, utc_now
from server.datasets.catalogue import Catalogue
from server.db.engine import Sessions, create_engine, create_sessions
from server.files.service import FileService
from server.mappings.desk import MappingDesk
from server.mappings.repository import MappingDirectory
from server.queue import ArqQueue, Queue
from server.settings import Settings
from server.storage import s3
from server.storage.interface import Storage

Closer = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Parts:
    """What the HTTP side is made of; one of each per process."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    units: RequestUnits
    storage: Storage
    analytics: Analytics
    queue: Queue
    catalogue: Catalogue
    clock: Clock
    room: AccessRoom
    files: FileService
    mappings: MappingDesk
    closers: tuple[Closer, ...] = ()
    """What to call at the end, in this order."""

    @property
    def access(self) -> AccessService:
        """Return what makes keys, and the first of everything."""
        return self.room.access

    async def close(self) -> None:
        """Close every connection."""
        for closer in self.closers:
            await closer()


def build_parts(settings: Settings, *, clock: Clock = utc_now) -> Parts:
    """Return the parts that the settings name; opens no connection yet."""
    storage = s3.from_settings(settings)
    analytics = Analytics.from_settings(settings)
    queue = ArqQueue(settings.valkey_url)
    parts = assemble(settings, storage=storage, analytics=analytics, queue=queue, clock=clock)
    blocking = [partial(asyncio.to_thread, part.close) for part in (storage, analytics)]
    return replace(parts, closers=(*parts.closers, queue.close, *blocking))


def assemble(
    settings: Settings, *, storage: Storage, analytics: Analytics, queue: Queue, clock: Clock
) -> Parts:
    """Return the parts around the given outside systems, which stay the caller's to close.

    Raises:
        CatalogueRefused: the operator's datasets cannot be used.
    """
    engine = create_engine(settings.database_url)
    sessions = create_sessions(engine)
    units = RequestUnits(sessions, queue)
    catalogue = Catalogue.load(settings.datasets_dir)
    return Parts(
        settings=settings,
        engine=engine,
        sessions=sessions,
        units=units,
        storage=storage,
        analytics=analytics,
        queue=queue,
        catalogue=catalogue,
        clock=clock,
        room=open_room(units, settings, clock),
        files=FileService(
            units=units,
            storage=storage,
            catalogue=catalogue,
            settings=settings,
            clock=clock,
            mappings=MappingDirectory(),
        ),
        mappings=MappingDesk(
            units=units,
            catalogue=catalogue,
            analytics=analytics,
            storage=storage,
            settings=settings,
            clock=clock,
        ),
        closers=(engine.dispose,),
    )
