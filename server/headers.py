"""Headers that every response carries: what browsers may load, frame, sniff and keep."""

from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from server.settings import Settings

_STATIC = "/static/"
# The address changes with the content (`?v=`), so a copy is right forever.
_FOREVER = b"public, max-age=31536000, immutable"
_ASK_AGAIN = b"no-cache"
# What one user was answered must not be shown to the next one of the same browser.
_NEVER = b"no-store"


class ResponseHeaders:
    """ASGI layer that adds what the response does not say itself."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._fixed = [
            (b"content-security-policy", content_security_policy(settings).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its response."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        cache = _cache_control(scope)

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                said = {name.lower() for name, _ in headers}
                headers += [item for item in self._fixed if item[0] not in said]
                if b"cache-control" not in said:
                    # A missing file must not be remembered as missing.
                    is_good = message["status"] < 400  # noqa: PLR2004 - the class of errors
                    headers.append((b"cache-control", cache if is_good else _NEVER))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, complete)


def content_security_policy(settings: Settings) -> str:
    """Return the policy: only this origin, and the store when it has an address of its own."""
    store = urlsplit(settings.storage_public_url)
    origin = f" {store.scheme}://{store.netloc}" if store.netloc else ""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            # Widths of bars are style attributes; style elements stay forbidden.
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self'{origin}",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _cache_control(scope: HTTPScope) -> bytes:
    if not scope["path"].startswith(_STATIC):
        return _NEVER
    return _FOREVER if scope["query_string"].startswith(b"v=") else _ASK_AGAIN
