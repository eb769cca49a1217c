"""GET and PUT /analytics/settlement-sources: which report counts for each account."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import Malformed, NotFound, StateConflict, UnknownDataset
from server.files.refusals import refusals
from server.settlements.repository import Account
from server.settlements.schemas import SourceLinks, SourceListSchema, SourceRequest, SourceSchema
from server.settlements.service import SettlementSources

_PATH = "/analytics/settlement-sources"


class SettlementSourcesController(Controller):
    """Reports about the same money are counted once: one dataset an account."""

    path = _PATH
    tags: Sequence[str] | None = ("Settlement sources",)

    @get(
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(Malformed),
        summary="List the sources of record",
    )
    async def list_sources(
        self,
        principal: NamedDependency[Principal],
        settlement_sources: NamedDependency[SettlementSources],
        size: Annotated[int, QueryParameter(name="page[size]", ge=1, le=100)] = 50,
        after: Annotated[str | None, QueryParameter(name="page[after]", max_length=2000)] = None,
    ) -> SourceListSchema:
        """Answer every account that a published file tells of, and which dataset counts."""
        page = await settlement_sources.page(principal.workspace_id, size=size, after=after)
        following = f"{_PATH}?page[size]={size}&page[after]={page.next}" if page.next else None
        return SourceListSchema(
            results=[SourceSchema.of(source) for source in page.sources],
            links=SourceLinks(next=following),
        )

    @put(
        guards=[requires(Scope.ADMIN)],
        responses=refusals(Malformed, NotFound, StateConflict, UnknownDataset),
        summary="Choose the source of record of an account",
    )
    async def choose_source(
        self,
        principal: NamedDependency[Principal],
        settlement_sources: NamedDependency[SettlementSources],
        data: JSONBody[SourceRequest],
    ) -> SourceSchema:
        """Let a dataset count for an account; dashboards show its rows at once."""
        source = await settlement_sources.choose(
            principal,
            Account(data.provider.strip().lower(), data.account.strip()),
            data.dataset_type,
        )
        return SourceSchema.of(source)


controllers: list[ControllerRouterHandler] = [SettlementSourcesController]
