"""Waiting for what ClickHouse rewrites by itself."""

from tests.fixtures.files import until
from tests.fixtures.workshop import Workshop
from worker.maintenance.mutations import is_rewritten


async def until_rewritten(workshop: Workshop, table: str) -> None:
    """Return once no mutation of the table is under way."""

    async def is_done() -> bool:
        return not await is_rewritten(workshop.context, table)

    await until(is_done)
