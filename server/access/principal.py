"""Who is asking: known once a request is authenticated, and handed to every handler."""

from dataclasses import dataclass
from typing import Protocol

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope as AsgiScope

from server.access.scopes import Scope
from server.errors import Unauthenticated

Connection = ASGIConnection[BaseRouteHandler, object, object, State]
"""What guards are given."""


class HasScope(Protocol):
    """A request or connection, whatever its type parameters."""

    @property
    def scope(self) -> AsgiScope:
        """Return the ASGI scope."""


# Keys in the request's state, written by `authentication.py`.
PRINCIPAL = "principal"
SESSION = "session"


@dataclass(frozen=True)
class Principal:
    """A key or a user, of exactly one workspace."""

    workspace_id: str
    name: str
    """`key:<name>` or `user:<e-mail>`: what records and history show."""
    scopes: frozenset[Scope]
    key_id: str
    """Id of the API key or of the user: stays apart when a name is used again."""


@dataclass(frozen=True)
class ActiveSession:
    """A signed-in user and the token that the portal's forms must send back."""

    principal: Principal
    csrf_token: str


def principal_of(connection: HasScope) -> Principal:
    """Return who is asking; handlers get it as `principal: NamedDependency[Principal]`.

    Raises:
        Unauthenticated: nobody presented a valid key or session.
    """
    found = connection.scope["state"].get(PRINCIPAL)
    if not isinstance(found, Principal):
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    return found


def session_of(connection: HasScope) -> ActiveSession | None:
    """Return the portal session of this request, or None for a key and for a stranger."""
    found = connection.scope["state"].get(SESSION)
    return found if isinstance(found, ActiveSession) else None
