"""Is it alive, is it ready, how is it doing: for probes and Prometheus, without signing in."""

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf

import structlog
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.access.cache import ShortCache
from server.errors import Unauthenticated
from server.settings import Settings
from server.telemetry.metrics import (
    CONTENT_TYPE,
    DEPENDENCY_OUTAGES,
    DEPENDENCY_UP,
    exposition,
)

logger = structlog.get_logger(__name__)

Ping = Callable[[], Awaitable[None]]

# Longer than any healthy answer, shorter than a probe's patience.
_TIMEOUT_SECONDS = 2.0
# Strangers may ask: the systems behind are asked at most once a second.
_REMEMBER_SECONDS = 1.0
# How often a process looks by itself, so that pages need not ask.
_LOOK_SECONDS = 5.0
# Looks in a row have to agree before people are told: a slow answer or two are no outage.
_TOLD_AFTER_SECONDS = 12.0


@dataclass(frozen=True)
class Dependency:
    """How one outside system is."""

    status: str
    """`up` or `down`."""
    latencyMs: float  # noqa: N815 - as the probe's JSON has it


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered."""

    status: str
    """`ready` or `unavailable`."""
    dependencies: dict[str, Dependency]


class Health:
    """Pings the outside systems, all at once.

    Args:
        pings: name of a system → what raises when it does not answer.
        timer: a clock that never goes back (s).
    """

    def __init__(
        self, pings: Mapping[str, Ping], *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._pings = pings
        self._timer = timer
        self._down: dict[str, float] = {}
        self._latest: ShortCache[str, Readiness] = ShortCache(seconds=_REMEMBER_SECONDS, limit=1)

    async def readiness(self) -> Readiness:
        """Return how every system is; at most a second old."""
        if (remembered := self._latest.get("")) is not None:
            return remembered[0]
        found = await asyncio.gather(*(_measure(ping) for ping in self._pings.values()))
        for name, dependency in zip(self._pings, found, strict=True):
            self._tell(name, is_up=dependency.status == "up")
        is_ready = all(dependency.status == "up" for dependency in found)
        readiness = Readiness(
            "ready" if is_ready else "unavailable", dict(zip(self._pings, found, strict=True))
        )
        self._latest.put("", readiness)
        return readiness

    def outages(self) -> tuple[str, ...]:
        """Return the systems that have been down for a while, by what is known; asks nobody."""
        latest = self._timer() - _TOLD_AFTER_SECONDS
        return tuple(name for name in self._pings if self._down.get(name, inf) <= latest)

    @asynccontextmanager
    async def watched(self, _app: Litestar) -> AsyncIterator[None]:
        """Look every few seconds within the block: a lifespan of the application."""
        watch = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.readiness()

    def _tell(self, name: str, *, is_up: bool) -> None:
        """Count and log an outage when it begins, and its end; not every answer in between."""
        DEPENDENCY_UP.labels(dependency=name).set(is_up)
        if not is_up and name not in self._down:
            self._down[name] = self._timer()
            DEPENDENCY_OUTAGES.labels(dependency=name).inc()
            logger.warning("dependency.down", dependency=name)
        elif is_up and name in self._down:
            del self._down[name]
            logger.warning("dependency.up-again", dependency=name)


def database_ping(engine: AsyncEngine) -> Ping:
    """Return a ping of the database."""

    async def ping() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    return ping


async def _measure(ping: Ping) -> Dependency:
    started = time.perf_counter()
    # Whatever a driver raises means the same here.
    (fault,) = await asyncio.gather(
        asyncio.wait_for(ping(), _TIMEOUT_SECONDS), return_exceptions=True
    )
    latency_ms = round((time.perf_counter() - started) * 1000, 2)
    return Dependency("up" if fault is None else "down", latency_ms)


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """Answer while the process answers at all."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def ready(health: NamedDependency[Health]) -> Response[Readiness]:
    """Answer 200 when every dependency does, else 503; says which, and nothing more."""
    readiness = await health.readiness()
    return Response(readiness, status_code=200 if readiness.status == "ready" else 503)


@get("/metrics", include_in_schema=False)
async def metrics(
    request: Request[object, object, State], settings: NamedDependency[Settings]
) -> Response[bytes]:
    """Answer Prometheus: with the token when there is one, else only from this machine."""
    if not _may_see_metrics(request, settings.metrics_token.get_secret_value()):
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    return Response(exposition(), headers={"Content-Type": CONTENT_TYPE})


def _may_see_metrics(request: Request[object, object, State], token: str) -> bool:
    if token:
        presented = request.headers.get("authorization", "")
        return hmac.compare_digest(presented.encode(), f"Bearer {token}".encode())
    # Behind a proxy on this machine every client would look local.
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


handlers: list[ControllerRouterHandler] = [live, ready, metrics]
