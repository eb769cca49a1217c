"""Who is asking: known once a request is authenticated, and handed to every handler."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope as AsgiScope

from server.access.roles import Role
from server.access.scopes import ALL_SCOPES, Scope
from server.errors import Forbidden, Unauthenticated

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


def operator_of(workspace_id: str) -> Principal:
    """Return who works at the appliance's own command line, and may do everything there."""
    return Principal(workspace_id, "cli", ALL_SCOPES, "")


def check_grant(by: Principal, scopes: frozenset[Scope]) -> None:
    """Return when the principal has every scope that it wants to hand on.

    Raises:
        Forbidden: it has not.
    """
    if not by.scopes.issuperset(scopes):
        detail = "You can only hand on scopes that you have yourself."
        raise Forbidden(detail)


def user_principal(
    workspace_id: str, *, email: str, user_id: UUID, scopes: frozenset[Scope] = frozenset()
) -> Principal:
    """Return the principal that stands for a person in a workspace."""
    return Principal(workspace_id, f"user:{email}", scopes, str(user_id))


@dataclass(frozen=True)
class Place:
    """A workspace the signed-in person may work in."""

    workspace_id: str
    name: str
    role: Role


@dataclass(frozen=True)
class ActiveSession:
    """A signed-in user, where they are, and the token that the portal's forms must send back."""

    principal: Principal
    csrf_token: str
    person: str
    """The user's name; their e-mail until they have given one."""
    place: Place
    places: tuple[Place, ...]
    """All of them, this one too, by name."""
    administrators: tuple[str, ...]
    """Some who administer the workspace, as e-mails: who can help where a role is too little."""
    lacks_second_factor: bool = False
    """True when the workspace requires one: until it is set up, the principal may do nothing."""

    @property
    def user_id(self) -> UUID:
        """Return the user's id."""
        return UUID(self.principal.key_id)


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
