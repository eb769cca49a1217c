"""Commands of `tallydock` on the data folder of an appliance that does not run: `make tallydock`.

The engine serves one process at a time, so the appliance has to be stopped. Its parts are started
around the command, which is told of them as in production: by the environment.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Final, cast

import click
import uvicorn
from litestar.types import ASGIApp
from pydantic import SecretStr

from server.settings import Settings
from server.storage.embedded.endpoint import EmbeddedStore
from worker.appliance import Server, completed, store_of, valkey_of
from worker.cli import main as command
from worker.embedded.household import CannotStart, locked, open_door, read_secrets

# What the appliance itself fills in.
_TOLD: Final = (
    *("home", "database_url", "valkey_url", "clickhouse_dsn", "storage_internal_url"),
    *("storage_access_key", "storage_secret_key", "storage_event_token", "sealing_key"),
)


def main() -> None:
    """Run the command; end with 1 and one sentence when the folder is in use."""
    settings = Settings()
    settings = settings.model_copy(update={"home": settings.home.resolve()})
    try:
        with (
            locked(settings.home),
            open_door("127.0.0.1", 0) as door,
            valkey_of(settings) as valkey,
        ):
            complete = completed(settings, read_secrets(settings.home), valkey, door)
            _tell(complete)
            with _served(store_of(complete), door):
                command(prog_name="tallydock")
    except CannotStart as fault:
        click.echo(f"The command cannot run. {fault}", err=True)
        sys.exit(1)


def _tell(settings: Settings) -> None:
    for name in _TOLD:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        os.environ[f"TALLYDOCK_{name.upper()}"] = text


@contextmanager
def _served(store: EmbeddedStore, door: socket) -> Iterator[None]:
    # The command has a loop of its own, so the store needs another.
    config = uvicorn.Config(cast(ASGIApp, store), lifespan="off", log_config=None, access_log=False)
    server = Server(config)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[door]),))
    thread.start()
    try:
        while thread.is_alive() and not server.started:
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join()
        store.close()


if __name__ == "__main__":
    main()
