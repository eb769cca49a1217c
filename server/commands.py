"""What commands have in common: the appliance's parts, opened for one of them and closed again."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

import click

from server.errors import CatalogueRefused
from server.parts import Parts, build_parts
from server.settings import Settings
from server.telemetry.logs import configure_logs

T = TypeVar("T")


def run_once(work: Coroutine[None, None, T]) -> T:
    """Run a command's work; the log says only what is wrong.

    Raises:
        ClickException: the operator's own datasets are at fault.
    """
    settings = Settings()
    configure_logs(log_format=settings.log_format, level="WARNING")
    try:
        return asyncio.run(work)
    except CatalogueRefused as fault:
        message = f"The datasets cannot be used.\n{fault}"
        raise click.ClickException(message) from None


@asynccontextmanager
async def opened() -> AsyncIterator[Parts]:
    """Open the parts that the settings name."""
    parts = build_parts(Settings())
    try:
        yield parts
    finally:
        await parts.close()


async def first_workspace(parts: Parts) -> str:
    """Return the id of the first workspace.

    Raises:
        ClickException: there is none yet.
    """
    workspace_id = await parts.access.workspace_id()
    if workspace_id is None:
        message = "There is no workspace yet; run `tallydock first-run`."
        raise click.ClickException(message)
    return workspace_id
