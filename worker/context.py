"""What every job has at hand: the four outside systems, the catalogue, the time, and its leases."""

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.files.arrival import Arrivals
from server.files.claims import ClaimBoard
from server.parts import Parts
from server.queue import Queue
from server.settings import Settings
from server.storage.interface import Originals, Storage
from server.storage.originals import SignedOriginals
from server.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class Context:
    """The parts a worker is made of; one per process, shared by all its jobs."""

    settings: Settings
    units: UnitsOfWork
    storage: Storage
    originals: Originals
    analytics: Analytics
    catalogue: Catalogue
    queue: Queue
    clock: Clock
    worker_name: str
    """`host:pid`: whom the history names."""

    @cached_property
    def claims(self) -> ClaimBoard:
        """Return the leases of this worker."""
        lease = timedelta(seconds=self.settings.lease_seconds)
        days = self.settings.undo_days
        undo_for = timedelta(days=days) if days else None
        return ClaimBoard(self.units, self.clock, lease, self.worker_name, undo_for=undo_for)

    @cached_property
    def arrivals(self) -> Arrivals:
        """Return what looks for the bytes of files."""
        return Arrivals(self.units, self.storage, self.clock)


def context_of(parts: Parts, originals: Originals | None = None) -> Context:
    """Return the context of a worker made of the same parts as the server.

    Args:
        parts: what the server is made of.
        originals: where ClickHouse reads objects; by signed URLs of the store when None.
    """
    return Context(
        settings=parts.settings,
        units=parts.units,
        storage=parts.storage,
        originals=originals or SignedOriginals(parts.storage),
        analytics=parts.analytics,
        catalogue=parts.catalogue,
        queue=parts.queue,
        clock=parts.clock,
        worker_name=f"{socket.gethostname()}:{os.getpid()}",
    )
