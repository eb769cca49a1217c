"""The server in production: `uvicorn --factory server.asgi:app`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from server.app import create_app
from server.errors import CatalogueRefused
from server.parts import build_parts
from server.settings import Settings
from server.telemetry.logs import configure_logs


def app() -> Litestar:
    """Return the application that the environment's settings describe."""
    settings = Settings()
    configure_logs(log_format=settings.log_format, level=settings.log_level)
    try:
        parts = build_parts(settings)
    except CatalogueRefused as fault:
        sys.exit(f"The datasets cannot be used.\n{fault}")

    @asynccontextmanager
    async def close_at_the_end(_app: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await parts.close()

    return create_app(parts, lifespan=[close_at_the_end])
