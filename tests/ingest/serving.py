"""An HTTP server for one object that serves less of it than there is, in the ways there are."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class Serves(Enum):
    """What of the object is served."""

    WHOLE = "whole"
    SHORT = "short"
    """Half, announced as if that were all."""
    CUT = "cut"
    """Half of what was announced; then the connection is closed."""


@contextmanager
def served(body: bytes, how: Serves) -> Iterator[str]:
    """Serve the body to any GET on a loopback port; give its URL."""
    sent = body if how is Serves.WHOLE else body[: len(body) // 2]
    announced = len(body) if how is Serves.CUT else len(sent)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\nConnection: close\r\n\r\n"
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        # Who asked has what it wants, and leaves.
        with connection, _quietly():
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(4096) or b"\r\n\r\n"
            # A URL that is signed for GET is refused to HEAD.
            is_head = asked.startswith(b"HEAD")
            connection.sendall(refusal if is_head else head.encode() + sent)

    def listen() -> None:
        with _quietly():
            while True:
                connection, _ = door.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/object"
        door.shutdown(socket.SHUT_RDWR)


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        yield
    except OSError:
        return
