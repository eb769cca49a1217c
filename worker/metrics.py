"""Where a worker in a process of its own shows its metrics; in the appliance the server does."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar
from litestar.di import Provide

from server.health import live, metrics
from server.problems import answer_problem
from server.settings import Settings


@asynccontextmanager
async def shown_metrics(settings: Settings) -> AsyncIterator[None]:
    """Answer `/metrics` and `/health/live` at the worker's own port while the block runs.

    Nothing is shown when the settings name no port; who may see them is as at the server.
    """
    if not settings.worker_metrics_port:
        yield
        return

    def known_settings() -> Settings:
        return settings

    app = Litestar(
        route_handlers=[live, metrics],
        dependencies={"settings": Provide(known_settings, sync_to_thread=False)},
        exception_handlers={Exception: answer_problem},
        openapi_config=None,
        logging_config=None,
    )
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.worker_metrics_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(), name="metrics")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


class _Server(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
