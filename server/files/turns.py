"""Whose turn it is: which of the waiting files a worker shall take next.

A wake-up call is a chance to work, not a claim on a place: whoever sends a thousand files must not
hold up another workspace's one. Asked by `worker/runner.py`; the claim (`leases.py`) comes after.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func
from sqlmodel import col, or_, select

from server.files.lifecycle import Stage
from server.files.models import DatasetLock, File
from server.operations.repository import is_draining
from server.unit_of_work import UnitOfWork

_WORKED_ON: Final = [str(stage) for stage in (Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)]


@dataclass(frozen=True)
class Turn:
    """The file to take."""

    file_id: UUID
    size_bytes: int


async def next_turn(
    unit: UnitOfWork, now: datetime, *, per_workspace: int, most_bytes: int | None
) -> Turn | None:
    """Return the oldest waiting file of the workspace with the fewest files under way, or None.

    Files of a dataset that is being published come after the others: they would wait once more.
    None too while the appliance is being drained.

    Args:
        unit: the transaction.
        now: the time; files whose retry is not due do not count.
        per_workspace: files of one workspace that may be worked on at once, by all workers. Two
            claims of one instant may pass it by one.
        most_bytes: largest file to consider; None for any.
    """
    if await is_draining(unit):
        return None
    waiting = _waiting(now, most_bytes)
    oldest = await unit.session.exec(
        select(File.workspace_id, func.min(File.uploaded_at))
        .where(*waiting)
        .group_by(col(File.workspace_id))
    )
    running = await unit.session.exec(
        select(File.workspace_id, func.count())
        .where(col(File.stage).in_(_WORKED_ON), col(File.lease_expires_at) >= now)
        .group_by(col(File.workspace_id))
    )
    busy = dict(list(running))
    turns = [
        (busy.get(workspace, 0), first, workspace)
        for workspace, first in oldest
        if busy.get(workspace, 0) < per_workspace
    ]
    if not turns:
        return None
    *_, workspace = min(turns)
    found = await unit.session.exec(
        select(File.file_id, File.size_bytes)
        .where(File.workspace_id == workspace, *waiting)
        .order_by(await _being_published(unit, now), col(File.uploaded_at), col(File.file_id))
        .limit(1)
    )
    row = found.first()
    return Turn(row[0], row[1] or 0) if row is not None else None


async def _being_published(unit: UnitOfWork, now: datetime) -> ColumnElement[int]:
    held = await unit.session.exec(
        select(DatasetLock.dataset_type).where(
            col(DatasetLock.owner).is_not(None), col(DatasetLock.expires_at) >= now
        )
    )
    return case((col(File.dataset_type).in_(list(held)), 1), else_=0)


def _waiting(now: datetime, most_bytes: int | None) -> list[ColumnElement[bool]]:
    waiting = [
        col(File.stage) == str(Stage.QUEUED),
        or_(col(File.not_before).is_(None), col(File.not_before) <= now),
    ]
    return [*waiting, col(File.size_bytes) <= most_bytes] if most_bytes is not None else waiting
