"""Server and worker in one process, on the storage that the environment names.

`python -m tests.bench.composed`: what `make up` is, but for its embedded store; chDB serves one
process at a time, so a real store cannot be measured with two.
"""

import asyncio
import signal
from pathlib import Path

import uvloop
from pydantic import SecretStr

from server.access.first_run import first_run
from server.app import create_app
from server.db.migrate import migrate
from server.parts import build_parts
from server.schema import metadata
from server.settings import Settings
from server.telemetry.logs import configure_logs
from tests.bench.serving import served
from worker.context import context_of
from worker.embedded.valkey import ValkeyChild
from worker.main import run_worker
from worker.prepare import prepare


async def _live(settings: Settings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    parts = build_parts(settings)
    await migrate(parts.engine, metadata)
    context = context_of(parts)
    await prepare(context)
    async with served(create_app(parts), port=settings.port):
        working = asyncio.create_task(run_worker(context))
        # Who waits for this file finds everything up.
        await first_run(settings, parts.units, parts.access)
        await stopping.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    await parts.close()


def _completed(settings: Settings, valkey_url: str) -> Settings:
    home: Path = settings.home
    made: dict[str, object] = {
        "database_url": f"sqlite+aiosqlite:///{home / 'tallydock.db'}",
        "valkey_url": valkey_url,
        "clickhouse_dsn": SecretStr(f"chdb:///{str(home / 'clickhouse').lstrip('/')}"),
    }
    return settings.model_copy(update=made)


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    settings = Settings()
    configure_logs(log_format=settings.log_format, level=settings.log_level)
    settings.home.mkdir(parents=True, exist_ok=True)
    valkey = ValkeyChild(settings.home)
    try:
        valkey.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_live(_completed(settings, valkey.url)))
    finally:
        valkey.stop()


if __name__ == "__main__":
    main()
