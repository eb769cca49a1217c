"""Files whose bytes are awaited: found when they arrive unannounced, given up when they do not."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.telemetry.metrics import SWEEP_FOUND
from worker.context import Context

logger = structlog.get_logger(__name__)

_ACTOR: Final = "sweep"
# Looks into the store in one round, and at the same time.
_LOOKS_PER_ROUND: Final = 300
_LOOKS_AT_ONCE: Final = 8
_FILES_PER_ROUND: Final = 10_000
# From so many looks below one prefix on, listing it is cheaper, if the list is not much longer.
_LIST_FROM: Final = 20
_LISTED_PER_LOOK: Final = 100
# A PUT most often follows its ticket at once; the contract gives the sweep 15 s for a fresh file.
_FRESH: Final = timedelta(minutes=10)
_FRESH_SECONDS: Final = 0.0
_VALID_SECONDS: Final = 8.0
_EXPIRED_SECONDS: Final = 60.0
_GIVEN_UP_SECONDS: Final = 900.0
# How long a given-up file is still looked for; a storage event or `/complete` revives it later too.
_LATE: Final = timedelta(days=2)


class _Awaited(NamedTuple):
    file_id: UUID
    object_key: str
    created_at: datetime
    expires_at: datetime


class AwaitedFiles:
    """Looks into the store for files nobody spoke of."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_at: dict[UUID, float] = {}
        self._revived_at = float("-inf")
        self._listed: dict[str, int] = {}
        """How many objects there were below a prefix when it was last listed."""

    async def pin_arrived(self) -> None:
        """Pin the bytes of awaited files that are in the store."""
        now = self._context.clock()
        rows = await self._find([col(File.stage) == str(Stage.AWAITING_UPLOAD)])
        for gone in self._looked_at.keys() - {row.file_id for row in rows}:
            del self._looked_at[gone]
        due = [row for row in rows if self._is_due(row.file_id, _pause_seconds(row, now))]
        # Those looked at longest ago first, so that with many of them all have their turn.
        due.sort(key=lambda row: self._looked_at.get(row.file_id, 0.0))
        looks: list[_Awaited] = []
        for prefix, group in _by_prefix(due).items():
            is_long = self._listed.get(prefix, 0) > _LISTED_PER_LOOK * len(group)
            if len(group) < _LIST_FROM or is_long:
                looks += group[:_LOOKS_PER_ROUND]
            else:
                looks += await self._arrived(prefix, group)
        await self._each([row.file_id for row in looks], self._pin)

    async def _arrived(self, prefix: str, group: Sequence[_Awaited]) -> list[_Awaited]:
        """Return those of the group whose object is in the store, by one listing."""
        there = {found.key async for found in self._context.storage.list_objects(prefix)}
        self._listed[prefix] = len(there)
        looked_at = time.monotonic()
        self._looked_at.update(dict.fromkeys((row.file_id for row in group), looked_at))
        return [row for row in group if row.object_key in there]

    async def give_up_overdue(self) -> None:
        """End the files that nobody can be sending any more."""
        grace = timedelta(seconds=self._context.settings.upload_grace_seconds)
        rows = await self._find(
            [
                col(File.stage) == str(Stage.AWAITING_UPLOAD),
                col(File.expires_at) < self._context.clock() - grace,
            ]
        )
        await self._each([row.file_id for row in rows[:_LOOKS_PER_ROUND]], self._give_up)

    async def revive_late(self) -> None:
        """Pin the bytes of files that were given up and came after all; now and then."""
        if time.monotonic() - self._revived_at < _GIVEN_UP_SECONDS:
            return
        self._revived_at = time.monotonic()
        rows = await self._find(
            [
                col(File.stage) == str(Stage.FAILED),
                col(File.outcome) == str(Outcome.NEVER_UPLOADED),
                col(File.completed_at) > self._context.clock() - _LATE,
            ]
        )
        await self._each([row.file_id for row in rows], self._pin)

    async def _pin(self, file_id: UUID) -> None:
        self._looked_at[file_id] = time.monotonic()
        if (await self._context.arrivals.look(file_id, _ACTOR)).is_news:
            self._tell("arrived", file_id)

    async def _give_up(self, file_id: UUID) -> None:
        if await self._context.arrivals.give_up(file_id, _ACTOR):
            self._tell("expired", file_id)

    def _tell(self, kind: str, file_id: UUID) -> None:
        SWEEP_FOUND.labels(kind=kind).inc()
        logger.info("sweep.found", kind=kind, file_id=str(file_id))

    def _is_due(self, file_id: UUID, pause_seconds: float) -> bool:
        last = self._looked_at.get(file_id)
        return last is None or time.monotonic() - last >= pause_seconds

    async def _find(self, conditions: Sequence[ColumnElement[bool]]) -> list[_Awaited]:
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File.file_id, File.object_key, File.created_at, File.expires_at)
                .where(*conditions)
                .order_by(col(File.created_at).desc())
                .limit(_FILES_PER_ROUND)
            )
            return [_Awaited(*row) for row in found]

    async def _each(
        self, file_ids: Sequence[UUID], look: Callable[[UUID], Awaitable[None]]
    ) -> None:
        places = asyncio.Semaphore(_LOOKS_AT_ONCE)

        async def one(file_id: UUID) -> None:
            async with places:
                await look(file_id)

        tasks = [asyncio.create_task(one(file_id)) for file_id in file_ids]
        try:
            # The first that fails ends the step: the store is away, and all would wait for it.
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _pause_seconds(row: _Awaited, now: datetime) -> float:
    if now - row.created_at < _FRESH:
        return _FRESH_SECONDS
    return _VALID_SECONDS if now < row.expires_at else _EXPIRED_SECONDS


def _by_prefix(rows: Sequence[_Awaited]) -> dict[str, list[_Awaited]]:
    groups: dict[str, list[_Awaited]] = {}
    for row in rows:
        prefix = row.object_key.rpartition("/")[0] + "/"
        groups.setdefault(prefix, []).append(row)
    return groups
