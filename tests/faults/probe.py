"""Where a job can be killed: a worker's parts, each call of which passes a probe.

The points are not listed anywhere: whatever the job asks of ClickHouse, the database or the store
is one, so a step or a call that is added is a point at once. Composed in tests only; the
house's own code knows nothing of it.
"""

import inspect
import os
import re
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast
from uuid import UUID

from server.analytics.gateway import Analytics
from server.errors import QueueUnavailable
from server.storage.interface import Originals, Storage
from server.unit_of_work import UnitsOfWork
from worker.context import Context

T = TypeVar("T")

_OF_A_RUN = re.compile(r"tallydock\.|_[a-z]+_[0-9a-f]{32}_\d+_\w+")


@dataclass
class Probe:
    """Counts the points that are passed, and kills this process at one of them.

    Args:
        kill_at: the point's name with the number of its occurrence, `before claim #1`.
        pause_seconds: how far into a point that lasts.
    """

    kill_at: str = ""
    pause_seconds: float = 0.0
    passed: dict[str, float] = field(default_factory=dict)
    """Points in their order, with how long each lasted (s); 0 for those that last no time."""
    _counts: dict[str, int] = field(default_factory=dict)

    def at(self, name: str) -> str:
        """Pass a point that lasts no time."""
        self._counts[name] = self._counts.get(name, 0) + 1
        point = f"{name} #{self._counts[name]}"
        self.passed[point] = 0.0
        if point == self.kill_at and not self.pause_seconds:
            _die()
        return point

    async def during(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Pass a point that lasts as long as the work."""
        point = self.at(name)
        if point == self.kill_at:
            timer = threading.Timer(self.pause_seconds, _die)
            timer.daemon = True
            timer.start()
        began = time.monotonic()
        result = await work()
        self.passed[point] = max(time.monotonic() - began, 0.001)
        if point == self.kill_at:
            _die()
        return result


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def probed(context: Context, probe: Probe) -> Context:
    """Return the worker's context with its outside calls led past the probe.

    Every method of the four parts, found by inspection: one that is added is a point at once.
    """
    return replace(
        context,
        analytics=cast(Analytics, Watched(context.analytics, probe)),
        units=cast(UnitsOfWork, Watched(context.units, probe)),
        storage=cast(Storage, Watched(context.storage, probe)),
        originals=cast(Originals, Watched(context.originals, probe)),
    )


class NobodyListens:
    """A queue whose Valkey is away: the sweep runs the jobs itself."""

    async def wake(self, job: str, file_id: UUID) -> None:  # noqa: ARG002 - the protocol's
        """See Queue.wake."""
        raise QueueUnavailable

    async def ping(self) -> None:
        """See Queue.ping."""
        raise QueueUnavailable


class Watched:
    """A part of the worker's; its calls are points, by what kind of function each is."""

    def __init__(self, inner: object, probe: Probe) -> None:
        self._inner = inner
        self._probe = probe

    def __getattr__(self, name: str) -> object:
        """Return what the part has, led past the probe when it is a call to the outside."""
        found = getattr(self._inner, name)
        plain = inspect.unwrap(found) if callable(found) else found
        if inspect.iscoroutinefunction(found):
            return self._call(name, found)
        if inspect.isasyncgenfunction(found):
            return self._walk(name, found)
        if inspect.isasyncgenfunction(plain):
            return self._transaction(found)
        # No call to the outside: a value, or what is worked out on the spot.
        assert not inspect.isawaitable(found)
        return found

    def _call(
        self, name: str, found: Callable[..., Awaitable[object]]
    ) -> Callable[..., Awaitable[object]]:
        async def call(*told: object, **asked: object) -> object:
            what = self._named(name, told)
            self._probe.at(f"before {what}")
            return await self._probe.during(f"within {what}", lambda: found(*told, **asked))

        return call

    def _walk(
        self, name: str, found: Callable[..., AsyncIterator[object]]
    ) -> Callable[..., AsyncIterator[object]]:
        async def walk(*told: object, **asked: object) -> AsyncIterator[object]:
            self._probe.at(f"before {self._named(name, told)}")
            async for item in found(*told, **asked):
                yield item

        return walk

    def _transaction(
        self, found: Callable[..., AbstractAsyncContextManager[object]]
    ) -> Callable[..., AbstractAsyncContextManager[object]]:
        @asynccontextmanager
        async def begin() -> AsyncIterator[object]:
            name = _caller()
            async with found() as unit:
                yield unit
                self._probe.at(f"before the commit of {name}")
            self._probe.at(f"after the commit of {name}")

        return begin

    def _named(self, name: str, told: tuple[object, ...]) -> str:
        if isinstance(self._inner, Analytics) and told:
            return _short(f"{told[0]}" if name in ("query", "command") else f"{name} {told[0]}")
        return f"{name} of the {type(self._inner).__name__}"


def _short(sql: str) -> str:
    return " ".join(_OF_A_RUN.sub("", sql).split())[:60].strip()


def _caller() -> str:
    """Return the function of the house that opens the transaction, and for whom it does.

    `joined` opens it for somebody else: progress, which is written as time goes, has its own name.
    """
    frame = sys._getframe(1)
    names: list[str] = []
    while frame.f_back is not None and len(names) < 2:
        name = frame.f_globals.get("__name__", "")
        function = frame.f_code.co_name.strip("_")
        is_ours = name.startswith(("server.", "worker.")) and name != "server.unit_of_work"
        if is_ours and function != "joined":
            names.append(function)
        frame = frame.f_back
    return " for ".join(names) or "a test"
