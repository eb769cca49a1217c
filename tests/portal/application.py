"""The portal's pages and the API of people and keys; the insights are handed in."""

from collections.abc import Awaitable, Callable, Sequence

from litestar import Litestar
from litestar.di import Provide
from litestar.plugins.pydantic import PydanticPlugin
from litestar.static_files import create_static_files_router

from server.access.authentication import Authentication
from server.access.controller import controllers as access_controllers
from server.access.principal import Principal, principal_of
from server.access.rate_limit import RateLimit
from server.errors import ApplianceError
from server.headers import ResponseHeaders
from server.insights.service import Insights
from server.parts import Parts
from server.portal.controllers import assets, controllers
from server.portal.reader import PageRequest
from server.portal.readers_locale import ReadersLocale
from server.portal.templates import STATIC, template_config
from server.problems import answer_problem


class AllWell:
    """Systems that all answer."""

    def outages(self) -> tuple[str, ...]:
        """Return none."""
        return ()


def make_portal_app(
    parts: Parts,
    insights: Insights,
    *,
    on_startup: Sequence[Callable[[], Awaitable[None]]] = (),
    on_shutdown: Sequence[Callable[[], Awaitable[None]]] = (),
) -> Litestar:
    """Return the pages over the given insights."""
    app = Litestar(
        [
            *controllers,
            *assets,
            *access_controllers,
            create_static_files_router("/static", directories=[STATIC]),
        ],
        template_config=template_config(),
        dependencies={
            "settings": _always(parts.settings),
            "clock": _always(parts.clock),
            **{name: _always(value) for name, value in parts.room.named.items()},
            "units": _always(parts.units),
            "analytics": _always(parts.analytics),
            "catalogue": _always(parts.catalogue),
            "file_service": _always(parts.files),
            "mappings": _always(parts.mappings),
            "insights": _always(insights),
            "outlook": _always(AllWell()),
            "principal": Provide(_principal_of_request, sync_to_thread=False),
        },
        exception_handlers={ApplianceError: answer_problem},
        plugins=[PydanticPlugin(prefer_alias=True)],
        openapi_config=None,
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
    )
    limit = RateLimit(per_second=1000, burst=1000)
    inner = Authentication(
        ReadersLocale(app.asgi_handler), directory=parts.room.directory, limit=limit
    )
    app.asgi_handler = ResponseHeaders(inner, parts.settings)
    return app


def _always(value: object) -> Provide:
    def provide() -> object:
        return value

    return Provide(provide, sync_to_thread=False)


def _principal_of_request(request: PageRequest) -> Principal:
    return principal_of(request)
