"""The embedded appliance: server, worker and everything they need in one process; `make up`.

It starts the small stand-ins (`embedded/`, `server/storage/embedded/`), writes their addresses into
the settings, and hands these to the same composition root as in production. From there on nothing
knows that it is embedded.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final, cast

import click
import structlog
import uvicorn
import uvloop
from litestar.types import ASGIApp
from pydantic import SecretStr

from server.access.first_run import FILE_NAME, first_run
from server.app import create_app
from server.errors import CatalogueRefused
from server.operations.versions import VersionRefused, bring_up
from server.parts import build_parts
from server.schema import metadata
from server.settings import Settings
from server.storage.embedded.endpoint import EmbeddedStore
from server.storage.embedded.events import webhook_notifier
from server.storage.embedded.originals import DiskOriginals
from server.storage.originals import SignedOriginals
from server.telemetry.logs import configure_logs
from worker.context import context_of
from worker.embedded.greeting import greeting, keep_address
from worker.embedded.household import CannotStart, Secrets, locked, open_door, read_secrets
from worker.embedded.unwritten import drop_unwritten
from worker.embedded.valkey import ValkeyChild
from worker.ingest.attempt import read_name
from worker.ingest.dataset_lock import end_locks
from worker.main import run_worker
from worker.prepare import prepare

logger = structlog.get_logger(__name__)

# Event streams never end by themselves; browsers come back to them.
_GRACE_SECONDS: Final = 2
# A statement in a thread cannot be interrupted; whatever is under way is begun anew next time.
_PATIENCE_SECONDS: Final = 8.0
_WATCH_SECONDS: Final = 1.0
_ENGINE: Final = "clickhouse"


def main() -> None:
    """Run until Ctrl-C or SIGTERM; end with 1 and one sentence when it cannot start."""
    settings = Settings()
    configure_logs(log_format=settings.log_format, level=settings.log_level)
    settings = settings.model_copy(update={"home": settings.home.resolve()})
    try:
        with (
            locked(settings.home),
            open_door(settings.host, settings.port) as public,
            open_door("127.0.0.1", 0) as internal,
            valkey_of(settings) as valkey,
        ):
            drop_unwritten(settings.home / _ENGINE, lambda table: read_name(table) is not None)
            complete = completed(settings, read_secrets(settings.home), valkey, internal)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_live(complete, valkey, public, internal))
    except (CannotStart, CatalogueRefused) as fault:
        click.echo(f"Tallydock cannot start. {fault}", err=True)
        sys.exit(1)


async def _live(
    settings: Settings,
    valkey: ValkeyChild,
    public: socket.socket,
    internal: socket.socket,
) -> None:
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    async with AsyncExitStack() as stack:
        embedded = store_of(settings)
        stack.callback(embedded.close)
        # An ASGI application; Litestar only has narrower names for what ASGI leaves open.
        store = cast(ASGIApp, embedded)
        await stack.enter_async_context(_served(store, internal, lifespan="off"))
        parts = build_parts(settings)
        stack.push_async_callback(parts.close)
        try:
            await bring_up(parts.engine, parts.units, metadata, parts.clock)
        except VersionRefused as refusal:
            raise CannotStart(str(refusal)) from refusal
        signed = SignedOriginals(parts.storage)
        context = context_of(parts, DiskOriginals(embedded.disk, signed))
        # The folder is locked for this process alone: whoever held something in it is dead.
        await context.claims.end_all()
        await end_locks(context)
        await prepare(context)
        path = await first_run(settings, parts.units, parts.access)
        app = create_app(parts, mounts={f"/{settings.storage_bucket}": store})
        await stack.enter_async_context(_served(app, public, lifespan="on"))
        for work in (run_worker(context), _keep_alive(valkey)):
            await stack.enter_async_context(_running(work, stopping))
        _greet(settings, is_first_run=path is not None)
        await stopping.wait()
        logger.info("appliance.stopping")


def completed(
    settings: Settings, secrets: Secrets, valkey: ValkeyChild, internal: socket.socket
) -> Settings:
    """Return the settings with the addresses of what runs here, where none was given."""
    home = settings.home
    made: dict[str, object] = {
        "database_url": f"sqlite+aiosqlite:///{home / 'tallydock.db'}",
        "valkey_url": valkey.url,
        "clickhouse_dsn": SecretStr(f"chdb:///{str(home / _ENGINE).lstrip('/')}"),
        "storage_internal_url": f"http://127.0.0.1:{internal.getsockname()[1]}",
        "storage_access_key": SecretStr(secrets.storage_access_key),
        "storage_secret_key": SecretStr(secrets.storage_secret_key),
        "storage_event_token": SecretStr(secrets.storage_event_token),
        "sealing_key": SecretStr(secrets.sealing_key),
    }
    return settings.model_copy(update=made)


def store_of(settings: Settings) -> EmbeddedStore:
    """Return the store over the folder's objects."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104
    return EmbeddedStore(
        settings.home / "objects",
        bucket=settings.storage_bucket,
        access_key=settings.storage_access_key.get_secret_value(),
        secret_key=settings.storage_secret_key.get_secret_value(),
        region=settings.storage_region,
        max_object_bytes=settings.max_upload_bytes,
        on_event=webhook_notifier(
            f"http://{host}:{settings.port}/storage/events",
            settings.storage_event_token.get_secret_value(),
        ),
    )


@contextmanager
def valkey_of(settings: Settings) -> Iterator[ValkeyChild]:
    """Run a Valkey of the folder's own until the block ends."""
    child = ValkeyChild(settings.home)
    try:
        # On the main thread: the kernel ends the child with the thread that started it.
        child.start()
        yield child
    finally:
        child.stop()


async def _keep_alive(valkey: ValkeyChild) -> None:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if not valkey.is_running:
            logger.warning("valkey.restarted")
            try:
                await valkey.restart()
            except CannotStart:
                # It died while it started. The sweep works without it, and a second later it is
                # started again.
                logger.warning("valkey.unavailable")


class Server(uvicorn.Server):
    """A server that leaves signals to the appliance."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave every signal as it is."""
        yield


@asynccontextmanager
async def _served(app: ASGIApp, door: socket.socket, *, lifespan: str) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="on" if lifespan == "on" else "off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                message = "The HTTP server did not start; see the log."
                raise CannotStart(message)
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def _running(
    work: Coroutine[object, object, None], stopping: asyncio.Event
) -> AsyncIterator[None]:
    task = asyncio.create_task(work)

    def ended(_: object) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            logger.error("appliance.broken", exc_info=fault)
        stopping.set()

    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(1)  # asked twice: at once
        stopping.set()
        watchdog = threading.Timer(_PATIENCE_SECONDS, os._exit, (0,))
        watchdog.daemon = True
        watchdog.start()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


def _greet(settings: Settings, *, is_first_run: bool) -> None:
    path = settings.home / FILE_NAME
    facts = keep_address(path, settings.base_url)
    click.echo(greeting(facts, url=settings.base_url, path=path, is_first_run=is_first_run))


if __name__ == "__main__":
    main()
