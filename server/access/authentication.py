"""Who is asking: an API key or the portal's session cookie, established before any handler.

Everything under `/analytics` needs one or the other; elsewhere (the portal's pages) a session is
recognised and the pages decide. A cookie is sent by browsers on their own accord, so a changing
request with one must also carry the session's CSRF token.
"""

import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from litestar.utils import normalize_path

from server.access.body import read_body
from server.access.directory import Directory
from server.access.principal import PRINCIPAL, SESSION, ActiveSession, Principal
from server.access.rate_limit import RateLimit
from server.access.sessions import COOKIE, CSRF_FIELD, CSRF_HEADER
from server.errors import Forbidden, Unauthenticated

API = "/analytics"
# Signing in must work from a stale page, and `/standing` while the database is away; these take no
# cookie into account.
_ANONYMOUS = ("/static", "/texts", "/health", "/metrics", "/schema", "/sign-in", "/standing")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM = b"application/x-www-form-urlencoded"
# A portal form is a handful of fields.
_FORM_BYTES = 2**16
_BEARER = b"bearer "
# Pages send it with what they ask by themselves, so that a browser nobody sits at is signed out in
# the end. Whoever sends it has less by it, so it may be believed; a stream of events is such, too.
_UNATTENDED = b"x-unattended"
_EVENTS = b"text/event-stream"


class Authentication:
    """ASGI layer that puts the principal into the request's state.

    Args:
        app: the next layer.
        directory: where keys and sessions are looked up.
        limit: how often one principal may ask.
    """

    def __init__(self, app: ASGIApp, *, directory: Directory, limit: RateLimit) -> None:
        self._app = app
        self._directory = directory
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate one request and pass it on.

        Raises:
            Unauthenticated: under /analytics, without a valid key or session.
            Forbidden: a changing request with a session but without its CSRF token.
            RateLimited: over the limit.
        """
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        # As the router will see it: `//analytics` must not get past.
        path = normalize_path(scope["path"])
        is_api = is_below(path, (API,))
        headers = dict(scope["headers"])
        principal = await self._by_key(headers) if is_api else None
        if principal is None and not is_below(path, _ANONYMOUS):
            session = await self._by_cookie(headers)
            if session is not None:
                receive = await _check_csrf(scope, headers, receive, session)
                scope["state"][SESSION] = session
                principal = session.principal
        if principal is not None:
            self._limit.take(principal.key_id)
            scope["state"][PRINCIPAL] = principal
            structlog.contextvars.bind_contextvars(
                workspace_id=principal.workspace_id, principal=principal.key_id
            )
        elif is_api:
            raise _unauthenticated()
        await self._app(scope, receive, send)

    async def _by_key(self, headers: dict[bytes, bytes]) -> Principal | None:
        presented = headers.get(b"authorization")
        if presented is None:
            return None
        if not presented[: len(_BEARER)].lower() == _BEARER:
            raise _unauthenticated()
        text = presented[len(_BEARER) :].strip().decode("ascii", "replace")
        principal = await self._directory.principal_of_key(text)
        # A key that was presented and is not good is not made up for by a cookie.
        if principal is None:
            raise _unauthenticated()
        return principal

    async def _by_cookie(self, headers: dict[bytes, bytes]) -> ActiveSession | None:
        token = session_token(headers.get(b"cookie", b""))
        if not token:
            return None
        is_attended = _UNATTENDED not in headers and headers.get(b"accept") != _EVENTS
        return await self._directory.principal_of_session(token, is_attended=is_attended)


def is_below(path: str, prefixes: Iterable[str]) -> bool:
    """Return whether the path is one of the prefixes or inside it."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes)


def session_token(cookie_header: bytes) -> str | None:
    """Return the session's token out of a Cookie header."""
    # By hand: SimpleCookie stops at the first cookie it dislikes, and that may be somebody else's.
    for pair in cookie_header.split(b";"):
        name, _, value = pair.strip().partition(b"=")
        if name == COOKIE.encode():
            return value.decode("ascii", "replace")
    return None


def _unauthenticated() -> Unauthenticated:
    detail = "Send a valid API key as `Authorization: Bearer <key>`, or sign in."
    return Unauthenticated(detail, headers={"WWW-Authenticate": "Bearer"})


async def _check_csrf(
    scope: HTTPScope, headers: dict[bytes, bytes], receive: Receive, session: ActiveSession
) -> Receive:
    if scope["method"] in _SAFE_METHODS:
        return receive
    sent = headers.get(CSRF_HEADER.encode())
    if sent is None and headers.get(b"content-type", b"").lower().startswith(_FORM):
        body, receive = await read_body(receive, limit_bytes=_FORM_BYTES)
        fields = parse_qs(body.decode("utf-8", "replace"))
        sent = fields.get(CSRF_FIELD, [""])[0].encode()
    if sent is None or not hmac.compare_digest(sent, session.csrf_token.encode()):
        detail = f"Send the session's token in `{CSRF_HEADER}` or the field `{CSRF_FIELD}`."
        raise Forbidden(detail)
    return receive
