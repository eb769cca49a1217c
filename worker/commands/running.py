"""How a command runs: the parts that the settings name, for as long as it takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import click

from server.app import Parts, build_parts
from server.errors import AdapterError
from server.settings import Settings
from server.telemetry.logs import configure_logs
from worker.context import Context, context_of

T = TypeVar("T")


def run(work: Callable[[Context], Awaitable[T]]) -> T:
    """Run the work with a worker's context; return what it returns.

    Raises:
        ClickException: a system does not answer.
    """

    async def with_context(parts: Parts) -> T:
        return await work(context_of(parts))

    return run_with_parts(with_context)


def run_with_parts(work: Callable[[Parts], Awaitable[T]]) -> T:
    """Run the work with the parts; see run."""

    async def whole() -> T:
        async with _parts() as parts:
            return await work(parts)

    settings = Settings()
    configure_logs(log_format=settings.log_format, level="WARNING")
    try:
        return asyncio.run(whole())
    except AdapterError as fault:
        message = f"A system does not answer ({type(fault).__name__}); see `tallydock doctor`."
        raise click.ClickException(message) from fault


@asynccontextmanager
async def _parts() -> AsyncIterator[Parts]:
    parts = build_parts(Settings())
    try:
        yield parts
    finally:
        await parts.close()
