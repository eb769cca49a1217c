"""The gauges about files: how many are in each stage, and how long the oldest has waited."""

from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from server.files.lifecycle import Stage
from server.files.models import File
from server.telemetry.metrics import FILES, OLDEST_FILE_SECONDS
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
    now = context.clock()
    for name in _UNDER_WAY:
        count, oldest = found.get(name, (0, None))
        FILES.labels(status=str(Stage(name).status), stage=name).set(count)
        age = (now - oldest).total_seconds() if oldest is not None else 0.0
        OLDEST_FILE_SECONDS.labels(stage=name).set(max(age, 0.0))
