"""What must be there before a worker takes a file: the bucket, and the tables in ClickHouse."""

import asyncio
from typing import Final

import structlog

from server.datasets.provision import provision
from server.errors import AdapterError
from worker.context import Context

logger = structlog.get_logger(__name__)

_PAUSE_SECONDS: Final = 2.0


async def prepare(context: Context) -> None:
    """Make what is missing; waits for systems that are not up yet. Idempotent."""
    is_told = False
    while True:
        try:
            await context.storage.ensure_bucket()
            await provision(context.analytics, context.catalogue)
        except AdapterError as fault:
            if not fault.is_transient:
                raise
            if not is_told:
                logger.warning("worker.waiting", cause=type(fault).__name__)
            is_told = True
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
