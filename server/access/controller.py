"""API keys of a workspace: list, make, revoke."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.access.guards import requires
from server.access.principal import Principal
from server.access.schemas import KeyLinks, KeyListSchema, KeyRequest, KeySchema, NewKeySchema
from server.access.scopes import Scope
from server.access.service import AccessService, can_grant
from server.clock import Clock
from server.errors import FieldFault, Forbidden, Malformed, NotFound

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
            following = f"{_PATH}?page[size]={size}&page[after]={shown[-1].key_id}"
        return KeyListSchema(
            results=[KeySchema.of(row) for row in shown], links=KeyLinks(next=following)
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
        if not can_grant(principal, data.scopes):
            detail = "A key can only get scopes that you have yourself."
            raise Forbidden(detail)
        if data.expires_at is not None and data.expires_at <= clock():
            raise Malformed(errors=[FieldFault("/expiresAt", "past", "Must be in the future")])
        made = await access.create_key(
            principal.workspace_id,
            name=data.name,
            scopes=set(data.scopes),
            created_by=principal.name,
            expires_at=data.expires_at,
        )
        return NewKeySchema.of_new(made)

    @delete("/{key_id:str}", summary="Revoke an API key")
    async def revoke_key(
        self,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        key_id: FromPath[str],
    ) -> None:
        """Revoke a key; it stops working within seconds. Repeating it changes nothing."""
        try:
            parsed = UUID(key_id)
        except ValueError as fault:
            raise NotFound from fault
        await access.revoke_key(principal.workspace_id, parsed)


controllers: list[ControllerRouterHandler] = [KeysController]
