"""Guards that controllers declare: who may use a route.

They are coroutines only because Litestar runs a plain function in a thread, at every request.
"""

from collections.abc import Awaitable, Callable

from litestar.handlers import BaseRouteHandler

from server.access.principal import Connection, principal_of
from server.access.scopes import Scope
from server.errors import Forbidden


async def authenticated(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Let any valid key or session pass. Stands on every API route, so none can be forgotten.

    Raises:
        Unauthenticated: there is none.
    """
    principal_of(connection)


def requires(scope: Scope) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Return a guard that lets only principals with the scope pass: `guards=[requires(…)]`."""

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        if scope not in principal_of(connection).scopes:
            detail = f"This needs the scope {scope}."
            raise Forbidden(detail, extras={"neededScope": str(scope)})

    return guard
