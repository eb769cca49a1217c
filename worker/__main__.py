"""The worker in production: `python -m worker`; any number of them."""

import asyncio
import signal
import sys
from contextlib import suppress

from server.errors import CatalogueRefused
from server.parts import build_parts
from server.settings import Settings
from server.telemetry.logs import configure_logs
from worker.context import Context, context_of
from worker.main import run_worker
from worker.metrics import shown_metrics
from worker.prepare import prepare
from worker.pulse import beat


async def main() -> None:
    """Work until SIGTERM or SIGINT; then hand the files back and end within seconds."""
    settings = Settings()
    configure_logs(log_format=settings.log_format, level=settings.log_level)
    parts = build_parts(settings)
    working = asyncio.create_task(_work(context_of(parts)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await working
    finally:
        await parts.close()


async def _work(context: Context) -> None:
    pulse = asyncio.create_task(beat(context.settings.home))
    try:
        async with shown_metrics(context.settings):
            await prepare(context)
            await run_worker(context)
    finally:
        pulse.cancel()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except CatalogueRefused as fault:
        sys.exit(f"The datasets cannot be used.\n{fault}")
