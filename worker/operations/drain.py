"""Draining: workers finish what they have and take nothing more, before a machine is touched.

Files are still taken in meanwhile; they wait, and are worked on once the draining has ended.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from server.files.models import File
from server.operations.repository import DRAIN, end_operation, note_operation
from worker.context import Context

_POLL_SECONDS: Final = 1.0


async def drain(context: Context, tell: Callable[[int], None]) -> None:
    """Have workers take nothing more; return when none works on a file.

    Args:
        context: the parts.
        tell: called with the number of files that are still worked on, whenever it changes.
    """
    async with context.units.begin() as unit:
        await note_operation(unit, DRAIN, context.clock())
    told = None
    while True:
        # A claim that began before the note was durable shows its lease by the next look.
        await asyncio.sleep(_POLL_SECONDS)
        count = await worked_on(context)
        if count != told:
            tell(count)
            told = count
        if not count:
            return


async def end_drain(context: Context) -> bool:
    """Let workers take files again; return whether they had been kept from it."""
    async with context.units.begin() as unit:
        return await end_operation(unit, DRAIN)


async def worked_on(context: Context) -> int:
    """Return how many files some worker works on now: a note to drain stops none of them."""
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(func.count())
            .select_from(File)
            .where(
                col(File.lease_owner).is_not(None), col(File.lease_expires_at) >= context.clock()
            )
        )
        return found.one()
