"""Until when each file can be undone, when `undo_days` is another than it was when the file ended.

The record says until when, because callers are told so; it was written with the setting of that
day. What was turned on later, made shorter or made longer holds for earlier files too, but for
those whose time is over: what an undo of theirs would bring back may be gone (`lost_rows.py`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import func
from sqlmodel import col, or_, select

from server.files.lifecycle import Stage
from server.files.models import File, Publication
from server.files.repository import change
from worker.context import Context

logger = structlog.get_logger(__name__)

_PAGE: Final = 500
# The setting counts days. An end and the limit that was written with it are moments apart; a
# duplicate that took another file's place is published that long before its limit is written.
_SAME: Final = timedelta(hours=12)


class _Ended(NamedTuple):
    file_id: UUID
    ended_at: datetime
    published_at: datetime | None
    """When a duplicate took another's place, it counts from then."""
    undo_until: datetime | None


class UndoLimits:
    """Goes once through the files: the setting does not change while a process lives."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._after: UUID | None = UUID(int=0)
        """The last file that was looked at; None: all were."""

    async def follow_setting(self) -> None:
        """Write what the setting says now to all files whose time is not over."""
        changed = 0
        while self._after is not None:
            page = await self._next(self._after)
            changed += await self._follow(page)
            self._after = page[-1].file_id if len(page) == _PAGE else None
        if changed:
            days = self._context.settings.undo_days
            logger.info("undo.limits-follow-setting", files=changed, days=days)

    async def _next(self, after: UUID) -> Sequence[_Ended]:
        is_coming = col(File.undo_until) > self._context.clock()
        is_always = col(File.undo_until).is_(None)
        published_at = (
            select(func.max(Publication.created_at))
            .where(
                Publication.file_id == File.file_id,
                Publication.attempt == File.published_attempt,
                Publication.state == "published",
            )
            .scalar_subquery()
        )
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File.file_id, File.completed_at, published_at, File.undo_until)
                .where(
                    col(File.file_id) > after,
                    col(File.stage) == str(Stage.COMPLETED),
                    col(File.published_attempt).is_not(None),
                    col(File.completed_at).is_not(None),
                    col(File.undo_requested_at).is_(None),
                    or_(is_coming, is_always) if self._context.settings.undo_days else is_coming,
                )
                .order_by(col(File.file_id))
                .limit(_PAGE)
            )
            return [_Ended(*row) for row in found]

    async def _follow(self, page: Sequence[_Ended]) -> int:
        changed = 0
        async with self._context.units.begin() as unit:
            for file in page:
                limit = self._limit_of(file)
                if _is_same(limit, file.undo_until):
                    continue
                done = await change(
                    unit,
                    file.file_id,
                    None,
                    values={"undo_until": limit},
                    # Asked to be undone or judged again meanwhile, it stays as it is.
                    where=[
                        col(File.stage) == str(Stage.COMPLETED),
                        col(File.completed_at) == file.ended_at,
                        col(File.undo_requested_at).is_(None),
                    ],
                )
                changed += done is not None
        return changed

    def _limit_of(self, file: _Ended) -> datetime | None:
        days = self._context.settings.undo_days
        if not days:
            return None
        return max(file.ended_at, file.published_at or file.ended_at) + timedelta(days=days)


def _is_same(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) < _SAME
