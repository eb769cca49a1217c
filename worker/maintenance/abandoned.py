"""Which of the leases that ran out have been told of: a note in the lease itself.

Every worker sweeps, every few seconds, and finds the same dead worker's files until somebody has
room for them. Whoever writes the note is the one that tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from server.files.models import File
from server.files.repository import change
from worker.context import Context

# Before every lease there ever was: it has run out, and no other looks like it.
_TOLD: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def note_abandoned(context: Context, file_ids: Sequence[UUID]) -> list[UUID]:
    """Note of leases that ran out that their owner is taken for dead.

    Whoever takes or renews such a lease ends the note with it: the next time is another time.

    Returns:
        Those of which nobody had noted it; of several that ask at once, one is told.
    """
    now, noted = context.clock(), list[UUID]()
    for file_id in await _untold(context, file_ids):
        async with context.units.begin() as unit:
            is_ours = await change(
                unit,
                file_id,
                None,
                values={"lease_expires_at": _TOLD},
                where=[col(File.lease_expires_at) < now, col(File.lease_expires_at) > _TOLD],
            )
        if is_ours is not None:
            noted.append(file_id)
    return noted


async def _untold(context: Context, file_ids: Sequence[UUID]) -> list[UUID]:
    if not file_ids:
        return []
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(File.file_id).where(
                col(File.file_id).in_(file_ids), col(File.lease_expires_at) > _TOLD
            )
        )
        return list(found)
