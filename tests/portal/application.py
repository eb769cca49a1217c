"""The portal's pages as an application: signing in is real, the insights are handed in."""

from collections.abc import Awaitable, Callable, Sequence

from litestar import Litestar
from litestar.di import Provide
from litestar.static_files import create_static_files_router

from server.access.authentication import Authentication
from server.access.principal import Principal, principal_of
from server.access.rate_limit import RateLimit
from server.app import Parts
from server.headers import ResponseHeaders
from server.insights.service import Insights
from server.portal.controllers import controllers
from server.portal.reader import PageRequest
from server.portal.templates import STATIC, template_config


def make_portal_app(
    parts: Parts,
    insights: Insights,
    *,
    on_startup: Sequence[Callable[[], Awaitable[None]]] = (),
    on_shutdown: Sequence[Callable[[], Awaitable[None]]] = (),
) -> Litestar:
    """Return the pages over the given insights."""
    app = Litestar(
        [*controllers, create_static_files_router("/static", directories=[STATIC])],
        template_config=template_config(),
        dependencies={
            "settings": _always(parts.settings),
            "clock": _always(parts.clock),
            "access": _always(parts.access),
            "units": _always(parts.units),
            "analytics": _always(parts.analytics),
            "catalogue": _always(parts.catalogue),
            "file_service": _always(parts.files),
            "insights": _always(insights),
            "principal": Provide(_principal_of_request, sync_to_thread=False),
        },
        openapi_config=None,
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
    )
    limit = RateLimit(per_second=1000, burst=1000)
    inner = Authentication(app.asgi_handler, directory=parts.directory, limit=limit)
    app.asgi_handler = ResponseHeaders(inner, parts.settings)
    return app


def _always(value: object) -> Provide:
    def provide() -> object:
        return value

    return Provide(provide, sync_to_thread=False)


def _principal_of_request(request: PageRequest) -> Principal:
    return principal_of(request)
