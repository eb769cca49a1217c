"""The layer that knows, before any page is made, in which language and locale it is read."""

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.portal.locales import print_for
from server.portal.texts import speak_for


class ReadersLocale:
    """ASGI layer around the pages, and around what answers in their place when they fail."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its texts, numbers and days are those of who asked."""
        if scope["type"] == ScopeType.HTTP:
            asked = Headers.from_scope(scope).get("accept-language", "")
            print_for(asked)
            speak_for(asked)
        await self._app(scope, receive, send)
