"""Other ASGI applications under one roof: whatever begins with their prefix is theirs."""

from collections.abc import Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send


class Mounts:
    """ASGI layer that hands requests to applications by the first segment of the path."""

    def __init__(self, app: ASGIApp, mounts: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._mounts = dict(mounts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to the application whose it is, with its path unchanged."""
        app = self._app
        if scope["type"] == ScopeType.HTTP and self._mounts:
            prefix = "/" + scope["path"].lstrip("/").partition("/")[0]
            app = self._mounts.get(prefix, app)
        await app(scope, receive, send)
