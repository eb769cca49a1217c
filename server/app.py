"""The composition root of the HTTP side: routes, dependencies and layers around the parts.

Comes after every room and `parts.py`; nothing below knows how it is put together.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from litestar import Litestar, Request, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.plugins.pydantic import PydanticPlugin
from litestar.response import Redirect, Template
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, ControllerRouterHandler

from server.access import controller as access_controller
from server.access.authentication import API, Authentication, is_below
from server.access.guards import authenticated
from server.access.idempotency import Idempotency
from server.access.principal import Connection, Principal, principal_of
from server.access.rate_limit import RateLimit
from server.errors import NotFound, UnsupportedMediaType
from server.exemptions import controller as exemptions_controller
from server.exemptions.service import CardExemptions
from server.files import controller as files_controller
from server.files import datasets_controller
from server.headers import ResponseHeaders
from server.health import Health, database_ping
from server.health import handlers as health_handlers
from server.insights import controller as insights_controller
from server.insights.service import Insights
from server.mappings import controller as mappings_controller
from server.mounts import Mounts
from server.openapi import openapi_config
from server.parts import Parts
from server.portal import controllers as portal_controllers
from server.portal.readers_locale import ReadersLocale
from server.portal.refusals import answer_page, wants_page
from server.portal.templates import template_config
from server.problems import ProblemBoundary, answer_problem
from server.settlements import controller as settlements_controller
from server.settlements.service import SettlementSources
from server.telemetry.request_id import RequestTelemetry
from server.wiring import NewestFiles, ResignedTickets

# Files do not pass through here; the longest thing said in JSON is a mapping or a bulk of items.
MAX_BODY_BYTES = 2**20

_WEB = Path(__file__).resolve().parent.parent / "web"
# For these files alone: what is compressed together with a secret can be guessed by its length.
_COMPRESSION = DefineMiddleware(
    CompressionMiddleware, config=CompressionConfig("gzip", gzip_compress_level=6)
)

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_app(
    parts: Parts,
    *,
    mounts: Mapping[str, ASGIApp] | None = None,
    lifespan: Sequence[Lifespan] = (),
    handlers: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """Return the application.

    Args:
        parts: what it is made of.
        mounts: other ASGI applications by path prefix, e.g. the bucket of the embedded store; they
            get no authentication of ours, no limit on the body, and the path as it is.
        lifespan: what runs around the application's life.
        handlers: more routes; for tests.
    """
    health = _health(parts)
    app = Litestar(
        route_handlers=[
            *health_handlers,
            *access_controller.controllers,
            *files_controller.controllers,
            *datasets_controller.controllers,
            *mappings_controller.controllers,
            *exemptions_controller.controllers,
            *insights_controller.controllers,
            *settlements_controller.controllers,
            *portal_controllers.controllers,
            Router(
                "/",
                route_handlers=[
                    create_static_files_router("/static", directories=[_WEB / "static"]),
                    *portal_controllers.assets,
                ],
                middleware=[_COMPRESSION],
            ),
            *handlers,
        ],
        dependencies=_dependencies(parts, health),
        guards=[_guard_api],
        exception_handlers={Exception: answer_problem, NotFoundException: _answer_missing},
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=openapi_config(),
        plugins=[PydanticPlugin(prefer_alias=True)],
        template_config=template_config(),
        logging_config=None,
        lifespan=[health.watched, *lifespan],
    )
    app.asgi_handler = _layers(app.asgi_handler, parts, mounts or {})
    return app


def _health(parts: Parts) -> Health:
    return Health(
        {
            "database": database_ping(parts.engine),
            "queue": parts.queue.ping,
            "storage": parts.storage.ping,
            "analytics": parts.analytics.ping,
        }
    )


def _dependencies(parts: Parts, health: Health) -> dict[str, Provide]:
    """Return what handlers may name; see API of each room's controller."""
    insights = Insights(
        parts.analytics,
        NewestFiles(parts.files),
        timeout_seconds=parts.settings.query_seconds,
        clock=parts.clock,
    )
    values: dict[str, object] = {
        "settings": parts.settings,
        "units": parts.units,
        "storage": parts.storage,
        "analytics": parts.analytics,
        "catalogue": parts.catalogue,
        "clock": parts.clock,
        **parts.room.named,
        "file_service": parts.files,
        "mappings": parts.mappings,
        "card_exemptions": CardExemptions(
            units=parts.units, catalogue=parts.catalogue, clock=parts.clock
        ),
        "insights": insights,
        "settlement_sources": SettlementSources(
            parts.units, parts.analytics, parts.catalogue, parts.clock
        ),
        "health": health,
        "outlook": health,
    }
    return {
        **{name: _always(value) for name, value in values.items()},
        "principal": Provide(_principal, sync_to_thread=False),
    }


def _answer_missing(
    request: Request[object, object, State], fault: NotFoundException
) -> Response[bytes] | Template | Redirect:
    """Answer an address that does not exist: a person with a page, a program with a problem."""
    if wants_page(request):
        return answer_page(request, NotFound())
    return answer_problem(request, fault)


def _always(value: object) -> Provide:
    def provide() -> object:
        return value

    return Provide(provide, sync_to_thread=False)


def _principal(request: Request[object, object, State]) -> Principal:
    return principal_of(request)


def _layers(inner: ASGIApp, parts: Parts, mounts: Mapping[str, ASGIApp]) -> ASGIApp:
    """Return the application with its layers, the outermost last.

    They stand outside of Litestar's router, so that unknown paths and methods pass them too.
    """
    settings = parts.settings
    app: ASGIApp = Idempotency(
        ReadersLocale(inner),
        units=parts.units,
        clock=parts.clock,
        life=timedelta(hours=settings.idempotency_hours),
        max_body_bytes=MAX_BODY_BYTES,
        resign=ResignedTickets(parts.files),
    )
    limit = RateLimit(per_second=settings.requests_per_second, burst=settings.requests_per_second)
    app = Authentication(app, directory=parts.room.directory, limit=limit)
    app = Mounts(ProblemBoundary(app), mounts)
    return RequestTelemetry(ResponseHeaders(app, settings))


async def _guard_api(connection: Connection, handler: BaseRouteHandler) -> None:
    """Hold every route of the API to what they have in common, whoever declared it."""
    if not is_below(str(connection.scope["path_template"]), (API,)):
        return
    await authenticated(connection, handler)
    headers = connection.headers
    is_empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    said = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not is_empty and said != "application/json":
        detail = "The body must be JSON: send `Content-Type: application/json`."
        raise UnsupportedMediaType(detail)
