"""Where a job can be killed: a worker's parts, each call of which passes a probe.

The points are not listed anywhere: whatever the job asks of ClickHouse, the database or the store
is one, so a step that is added to the pipeline is a point at once. Composed in tests only; the
house's own code knows nothing of it.
"""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast
from uuid import UUID

from server.analytics.gateway import Analytics, Rows
from server.errors import QueueUnavailable
from server.settings import Settings
from server.storage.interface import Storage
from server.unit_of_work import UnitOfWork, UnitsOfWork
from worker.context import Context

T = TypeVar("T")

_OF_A_RUN = re.compile(r"tallydock\.|_[a-z]+_[0-9a-f]{32}_\d+_\w+")
_CALLS = ("list_versions", "oldest_version", "read_range", "remove_version", "put_stream")


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


def probed(context: Context, settings: Settings, probe: Probe) -> Context:
    """Return the worker's context with its outside calls led past the probe."""
    analytics = ProbedAnalytics.from_settings(settings)
    assert isinstance(analytics, ProbedAnalytics)
    analytics.probe = probe
    units = ProbedUnits(context.units._sessions, NobodyListens())
    units.probe = probe
    storage = cast(Storage, ProbedStorage(context.storage, probe))
    return replace(
        context, analytics=analytics, units=units, storage=storage, queue=NobodyListens()
    )


class NobodyListens:
    """A queue whose Valkey is away: the sweep runs the jobs itself."""

    async def wake(self, job: str, file_id: UUID) -> None:  # noqa: ARG002 - the protocol's
        """See Queue.wake."""
        raise QueueUnavailable

    async def ping(self) -> None:
        """See Queue.ping."""
        raise QueueUnavailable


class ProbedAnalytics(Analytics):
    """The gateway; every statement is a point, and one that writes can be cut in its middle."""

    probe = Probe()

    async def query(self, sql: str, **asked: object) -> Rows:
        """See Analytics.query."""
        self.probe.at(f"before {_short(sql)}")
        run = cast(Callable[..., Awaitable[Rows]], super().query)
        return await run(sql, **asked)

    async def command(self, sql: str, **asked: object) -> None:
        """See Analytics.command."""
        self.probe.at(f"before {_short(sql)}")
        run = cast(Callable[..., Awaitable[None]], super().command)
        await self.probe.during(f"within {_short(sql)}", lambda: run(sql, **asked))

    async def insert(self, *told: object, **asked: object) -> None:
        """See Analytics.insert."""
        self.probe.at("before an insert of values")
        run = cast(Callable[..., Awaitable[None]], super().insert)
        await self.probe.during("within an insert of values", lambda: run(*told, **asked))


class ProbedUnits(UnitsOfWork):
    """Units of work; the moments before and after a commit are points."""

    probe = Probe()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """See UnitsOfWork.begin."""
        name = _caller()
        async with super().begin() as unit:
            yield unit
            self.probe.at(f"before the commit of {name}")
        self.probe.at(f"after the commit of {name}")


class ProbedStorage:
    """A store; every call is a point."""

    def __init__(self, inner: Storage, probe: Probe) -> None:
        self._inner = inner
        self._probe = probe

    def __getattr__(self, name: str) -> object:
        """Return the store's method, led past the probe."""
        found = getattr(self._inner, name)
        if name not in _CALLS:
            return found

        async def call(*told: object, **asked: object) -> object:
            self._probe.at(f"before {name} of the store")
            return await found(*told, **asked)

        return call


def _short(sql: str) -> str:
    return " ".join(_OF_A_RUN.sub("", sql).split())[:60].strip()


def _caller() -> str:
    """Return the function of the house that opens the transaction, and for whom it does."""
    frame = sys._getframe(1)
    names: list[str] = []
    while frame.f_back is not None and len(names) < 2:
        name = frame.f_globals.get("__name__", "")
        if name.startswith(("server.", "worker.")) and name != "server.unit_of_work":
            names.append(frame.f_code.co_name.strip("_"))
        frame = frame.f_back
    return " for ".join(names) or "a test"
