"""What must be there before a worker takes a file: the bucket, and the tables in ClickHouse.

Also what a declaration says since the tables were made: columns that were added to it.
"""

import asyncio
from typing import Final
from uuid import uuid4

import structlog

from server.datasets.canonical_view import provide_canonical_view
from server.datasets.evolution import changes, evolve
from server.datasets.provision import provision
from server.errors import AdapterError
from server.settlements.backfill import name_earlier_accounts
from server.settlements.mirror import forget_mirror, mirror
from server.settlements.sources import Actor
from worker.context import Context
from worker.ingest.dataset_lock import dataset_lock

logger = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 2.0


async def prepare(context: Context) -> None:
    """Make what is missing; waits for systems that are not up yet. Idempotent.

    Raises:
        CatalogueRefused: a declaration does not fit the tables that are there.
    """
    is_told = False
    while True:
        try:
            await context.storage.ensure_bucket()
            await provision(context.analytics, context.catalogue)
            await _evolve(context)
            await provide_canonical_view(context.analytics, context.catalogue)
            await _name_sources(context)
        except AdapterError as fault:
            if not fault.is_transient:
                raise
            if not is_told:
                logger.warning("worker.waiting", cause=type(fault).__name__)
            is_told = True
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def _evolve(context: Context) -> None:
    for dataset in context.catalogue.all():
        # Nearly always there is nothing to do, and then nobody's publication is waited for.
        if not await changes(context.analytics, dataset):
            continue
        owner = f"{context.worker_name[:60]}/{uuid4().hex[:12]}"
        async with dataset_lock(context, dataset.name, owner) as held:
            await held.check()
            await evolve(context.analytics, dataset)
        logger.info("dataset.evolved", dataset=dataset.name, version=dataset.version)


async def _name_sources(context: Context) -> None:
    """Bring the sources of record up to date with what an earlier version published."""
    units, analytics = context.units, context.analytics
    actor = Actor(f"worker:{context.worker_name}", context.clock())
    await name_earlier_accounts(units, analytics, context.catalogue, actor)
    await forget_mirror(units, analytics)
    await mirror(units, analytics)
