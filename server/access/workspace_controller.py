"""The workspace itself: its name, and what it asks of its people."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.access.guards import requires
from server.access.models import Workspace
from server.access.people import People
from server.access.principal import Principal
from server.access.schemas import NAME
from server.access.scopes import Scope
from server.access.second_factor import SecondFactor
from server.errors import StateConflict

_SHAPE = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class WorkspaceRequest(BaseModel):
    """What is to be changed; what is left out stays as it is."""

    model_config = _SHAPE

    name: Annotated[str | None, Field(min_length=1, max_length=120, pattern=NAME)] = None
    requires_second_factor: bool | None = None


class WorkspaceSchema(BaseModel):
    """The caller's workspace."""

    model_config = _SHAPE

    id: str
    name: str
    requires_second_factor: bool

    @classmethod
    def of(cls, row: Workspace) -> "WorkspaceSchema":
        """Return what callers see of the row."""
        return cls(id=row.workspace_id, name=row.name, requires_second_factor=row.requires_totp)


class WorkspaceController(Controller):
    """The workspace of the caller."""

    path = "/analytics/workspace"
    tags: Sequence[str] | None = ("People",)

    @get(summary="Read the workspace")
    async def read_workspace(
        self, principal: NamedDependency[Principal], people: NamedDependency[People]
    ) -> WorkspaceSchema:
        """Return the caller's workspace."""
        return WorkspaceSchema.of(await people.workspace(principal.workspace_id))

    @patch(guards=[requires(Scope.ADMIN)], summary="Change the workspace")
    async def change_workspace(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        second_factor: NamedDependency[SecondFactor],
        data: JSONBody[WorkspaceRequest],
    ) -> WorkspaceSchema:
        """Rename it, or ask everybody for a second factor."""
        if data.name is not None:
            await people.rename_workspace(principal, data.name)
        if data.requires_second_factor is not None:
            if data.requires_second_factor and not second_factor.is_possible:
                detail = "This appliance has no sealing key, so nobody could set one up."
                raise StateConflict(detail)
            await people.require_second_factor(principal, is_required=data.requires_second_factor)
        return WorkspaceSchema.of(await people.workspace(principal.workspace_id))
