"""API keys of a workspace: list, make, revoke."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.access.audit_controller import AuditController
from server.access.guards import requires
from server.access.ids import parse_id
from server.access.people_controller import InvitationsController, UsersController
from server.access.principal import Principal
from server.access.schemas import (
    KeyListSchema,
    KeyRequest,
    KeySchema,
    NewKeySchema,
    NextLink,
    next_path,
)
from server.access.scopes import Scope
from server.access.service import AccessService
from server.access.workspace_controller import WorkspaceController
from server.clock import Clock
from server.errors import FieldFault, Malformed

_PATH = "/analytics/keys"


class KeysController(Controller):
    """The keys that programs use; only an administrator sees them."""

    path = _PATH
    tags: Sequence[str] | None = ("Keys",)
    guards = (requires(Scope.ADMIN),)

    @get(summary="List the API keys")
    async def list_keys(
        self,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        size: Annotated[int, QueryParameter(name="page[size]", ge=1, le=100)] = 50,
        after: Annotated[UUID | None, QueryParameter(name="page[after]")] = None,
    ) -> KeyListSchema:
        """Return the workspace's keys, newest first, revoked and expired ones too."""
        rows = await access.keys(principal.workspace_id, after=after, limit=size + 1)
        shown = rows[:size]
        following = None
        if len(rows) > size:
            following = next_path(_PATH, size, shown[-1].key_id)
        return KeyListSchema(
            results=[KeySchema.of(row) for row in shown], links=NextLink(next=following)
        )

    @post(summary="Make an API key")
    async def create_key(
        self,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        clock: NamedDependency[Clock],
        data: JSONBody[KeyRequest],
    ) -> NewKeySchema:
        """Make a key with scopes of the caller's own; its text is shown this once."""
        if data.expires_at is not None and data.expires_at <= clock():
            raise Malformed(errors=[FieldFault("/expiresAt", "past", "Must be in the future")])
        made = await access.create_key(
            principal, name=data.name, scopes=data.scopes, expires_at=data.expires_at
        )
        return NewKeySchema.of_new(made)

    @post("/{key_id:str}/rotate", summary="Rotate an API key")
    async def rotate_key(
        self,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        key_id: FromPath[str],
    ) -> NewKeySchema:
        """Make a second key like this one; the old one works until it is revoked."""
        return NewKeySchema.of_new(await access.rotate_key(principal, parse_id(key_id)))

    @delete("/{key_id:str}", summary="Revoke an API key")
    async def revoke_key(
        self,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        key_id: FromPath[str],
    ) -> None:
        """Revoke a key; it stops working within seconds. Repeating it changes nothing."""
        await access.revoke_key(principal, parse_id(key_id))


controllers: list[ControllerRouterHandler] = [
    KeysController,
    UsersController,
    InvitationsController,
    AuditController,
    WorkspaceController,
]
