"""Reading a request's body ahead of the handler, which then gets it as if nothing had happened."""

from litestar.types import HTTPReceiveMessage, HTTPRequestEvent, Receive

from server.errors import TooLarge


async def read_body(receive: Receive, *, limit_bytes: int) -> tuple[bytes, Receive]:
    """Return the whole body, and a receive that gives it once more.

    Raises:
        TooLarge: the body is longer than limit_bytes.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break  # the client went away; the handler's own read will find that too
        chunks.append(message["body"])
        size += len(message["body"])
        if size > limit_bytes:
            detail = f"The body is longer than {limit_bytes} bytes."
            raise TooLarge(detail)
        if not message.get("more_body", False):
            break
    body = b"".join(chunks)
    is_given = False

    async def replay() -> HTTPReceiveMessage:
        nonlocal is_given
        if is_given:
            return await receive()  # type: ignore[return-value]  # http.disconnect follows
        is_given = True
        again: HTTPRequestEvent = {"type": "http.request", "body": body, "more_body": False}
        return again

    return body, replay
