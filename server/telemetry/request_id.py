"""Every request gets an id, one log line and a measurement; the outermost layer of the server.

The id is the caller's `x-request-id` when that is sane, else a new one; it is on every response,
in every log line written meanwhile, and in every problem body.
"""

import re
import secrets
import time
from contextvars import ContextVar

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from server.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS

logger = structlog.get_logger(__name__)

HEADER = "x-request-id"
_HEADER_BYTES = HEADER.encode()
# Nothing in it can break a log line, a header or a query comment.
_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# What nginx logs when the client went away before the answer; never sent.
_CLIENT_GONE = 499

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_current: ContextVar[str] = ContextVar("request_id", default="")
_address: ContextVar[str] = ContextVar("client_address", default="")
# The longest IPv6 address as text.
_ADDRESS_CHARACTERS = 45


def current_request_id() -> str:
    """Return the id of the request being answered, or an empty string outside of one."""
    return _current.get()


def current_client_address() -> str:
    """Return the IP address the request being answered came from, or an empty string.

    Behind a proxy it is what the proxy says, if the server is told to trust that one.
    """
    return _address.get()


class RequestTelemetry:
    """ASGI layer that gives ids, measures and logs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, marked, measured and logged."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _incoming(scope) or secrets.token_hex(12)
        marked = request_id.encode()
        status = _CLIENT_GONE

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER_BYTES, marked)]
            await send(message)

        _current.set(request_id)
        client = scope["client"]
        _address.set(client[0][:_ADDRESS_CHARACTERS] if client else "")
        structlog.contextvars.bind_contextvars(request_id=request_id)
        path = scope["path"]  # Litestar rewrites it for static files
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send_marked)
        finally:
            _record(scope, path, status, time.perf_counter() - started)
            structlog.contextvars.clear_contextvars()


def _incoming(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == _HEADER_BYTES:
            return value.decode() if _SANE.fullmatch(value) else None
    return None


def _record(scope: HTTPScope, path: str, status: int, seconds: float) -> None:
    route = str(scope.get("path_template") or "unmatched")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    HTTP_REQUESTS.labels(method, route, status).inc()
    HTTP_SECONDS.labels(method, route).observe(seconds)
    # Probes come every few seconds and say nothing while all is well.
    is_probe = path.startswith("/health/") or path == "/metrics"
    log = logger.debug if is_probe and status == 200 else logger.info  # noqa: PLR2004
    # The path only: a query string may carry a signature.
    log(
        "request.completed",
        method=method,
        path=path,
        route=route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
    )
