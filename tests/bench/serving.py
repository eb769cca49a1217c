"""ASGI applications behind a real uvicorn on loopback: here, or in a thread of their own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
import uvloop
from litestar import Litestar

Application = (
    Litestar
    | Callable[
        [
            MutableMapping[str, object],
            Callable[[], Awaitable[MutableMapping[str, object]]],
            Callable[[MutableMapping[str, object]], Awaitable[None]],
        ],
        Awaitable[None],
    ]
)


class _Server(uvicorn.Server):
    """A server that leaves signals to the benchmark."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Application, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the application in this loop, as the appliance does; give its URL."""
    door = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        app,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
                message = "the HTTP server did not start"
                raise RuntimeError(message)
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        door.close()


@contextmanager
def served_in_thread(app: Application) -> Iterator[str]:
    """Serve the application in a thread with a loop of its own; give its URL."""
    is_up, url, ending = threading.Event(), "", asyncio.Event()
    loop: asyncio.AbstractEventLoop | None = None

    async def serve() -> None:
        nonlocal url, loop
        loop = asyncio.get_running_loop()
        async with served(app) as url:
            is_up.set()
            await ending.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())
        finally:
            is_up.set()

    thread = threading.Thread(target=run, name="served", daemon=True)
    thread.start()
    is_up.wait()
    if not url:
        message = "the HTTP server did not start"
        raise RuntimeError(message)
    try:
        yield url
    finally:
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(ending.set)
        thread.join(10)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
    return port
