"""The gauges about files: how many are in each stage, and how long the oldest has waited."""

from datetime import datetime
from typing import Final

from sqlalchemy import case, func
from sqlmodel import col, select

from server.files.lifecycle import Stage
from server.files.models import File
from server.telemetry.metrics import (
    FILES,
    OLDEST_FILE_SECONDS,
    QUEUE_AGE_SECONDS,
    QUEUED_FILES,
)
from worker.context import Context

_UNDER_WAY: Final = [str(stage) for stage in Stage if not stage.status.is_final]


async def set_gauges(context: Context) -> None:
    """Count the files that are under way; ended ones are counted as they end."""
    async with context.units.begin() as unit:
        rows = await unit.session.exec(
            select(File.stage, func.count(), func.min(File.created_at))
            .where(col(File.stage).in_(_UNDER_WAY))
            .group_by(File.stage)
        )
        found = {stage: (count, oldest) for stage, count, oldest in rows}
        large = case(
            (col(File.size_bytes) > context.settings.large_file_bytes, "large"), else_="small"
        )
        first = case((col(File.standing).is_(None), File.uploaded_at))
        waiting = await unit.session.exec(
            select(large, func.count(), func.min(first))
            .where(File.stage == str(Stage.QUEUED))
            .group_by(large)
        )
        queued = {size: (count, oldest) for size, count, oldest in waiting}
    now = context.clock()
    for size in ("small", "large"):
        count, oldest = queued.get(size, (0, None))
        QUEUED_FILES.labels(size=size).set(count)
        QUEUE_AGE_SECONDS.labels(size=size).set(_age(now, oldest))
    for name in _UNDER_WAY:
        count, oldest = found.get(name, (0, None))
        FILES.labels(status=str(Stage(name).status), stage=name).set(count)
        OLDEST_FILE_SECONDS.labels(stage=name).set(_age(now, oldest))


def _age(now: datetime, oldest: datetime | None) -> float:
    return max((now - oldest).total_seconds(), 0.0) if oldest is not None else 0.0
