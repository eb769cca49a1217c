"""The routes under `/analytics/mappings`: declared, guarded, one service call each."""

from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import (
    FileNotFound,
    Malformed,
    NotFound,
    StateConflict,
    UnknownDataset,
)
from server.files.answers import NextPage, page_path
from server.files.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from server.files.refusals import refusals
from server.mappings.desk import MappingDesk
from server.mappings.schemas import (
    MappingAnswer,
    MappingPage,
    MappingRequest,
    TrialAnswer,
    TrialRequest,
    UnsavedTrialRequest,
    parse_mapping_id,
)
from server.mappings.service import Query

BASE_PATH = "/analytics/mappings"
_SIZE, _AFTER = "page[size]", "page[after]"
_HEADER, _DATASET = "filter[header]", "filter[datasetType]"


class MappingsController(Controller):
    """Mappings: how a team's own export becomes rows of a dataset."""

    path = BASE_PATH
    tags = ("Mappings",)

    @get(
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(Malformed),
        summary="List the mappings",
    )
    async def list_mappings(
        self,
        *,
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
        header: Annotated[
            str | None, QueryParameter(name=_HEADER, pattern="^[0-9a-fA-F]{64}$")
        ] = None,
        dataset_type: Annotated[
            str | None, QueryParameter(name=_DATASET, max_length=64, pattern=r"^[^\x00]*$")
        ] = None,
        after: Annotated[str | None, QueryParameter(name=_AFTER, max_length=36)] = None,
        size: Annotated[int, QueryParameter(name=_SIZE, ge=1, le=MAX_PAGE_SIZE)] = (
            DEFAULT_PAGE_SIZE
        ),
    ) -> MappingPage:
        """Answer the workspace's mappings, newest first; `filter[header]` takes a fingerprint."""
        query = Query(
            dataset_type=dataset_type,
            header=header,
            after=parse_mapping_id(after) if after is not None else None,
            size=size,
        )
        shown, has_more = await mappings.saved.page(principal.workspace_id, query)
        following = None
        if has_more:
            asked = [
                *([(_HEADER, header)] if header else []),
                *([(_DATASET, dataset_type)] if dataset_type else []),
                (_SIZE, str(size)),
                (_AFTER, shown[-1].id),
            ]
            following = page_path(BASE_PATH, asked)
        return MappingPage(results=shown, links=NextPage(next=following))

    @post(
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(Malformed, UnknownDataset, StateConflict),
        summary="Save a mapping",
    )
    async def create_mapping(
        self,
        data: JSONBody[MappingRequest],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
    ) -> MappingAnswer:
        """Check the mapping against its dataset and save it as version 1."""
        return await mappings.saved.create(principal, data)

    @get(
        "/{mapping_id:str}",
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(Malformed, NotFound),
        summary="Read a mapping",
    )
    async def read_mapping(
        self,
        mapping_id: FromPath[str],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
        version: Annotated[
            int | None, QueryParameter(ge=1, le=2**31 - 1, description="An older one.")
        ] = None,
    ) -> MappingAnswer:
        """Answer the newest version of a mapping, or the one asked for."""
        return await mappings.saved.get(principal.workspace_id, mapping_id, version)

    @put(
        "/{mapping_id:str}",
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(Malformed, NotFound, UnknownDataset, StateConflict),
        summary="Replace a mapping",
    )
    async def replace_mapping(
        self,
        mapping_id: FromPath[str],
        data: JSONBody[MappingRequest],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
    ) -> MappingAnswer:
        """Save the next version; files that were asked for keep theirs."""
        return await mappings.saved.replace(principal, mapping_id, data)

    @delete(
        "/{mapping_id:str}",
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(NotFound),
        summary="Delete a mapping",
    )
    async def delete_mapping(
        self,
        mapping_id: FromPath[str],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
    ) -> None:
        """Take a mapping out of use; files that were asked for with it are read with it still."""
        await mappings.saved.delete(principal, mapping_id)

    @post(
        "/{mapping_id:str}/try",
        status_code=200,
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(Malformed, NotFound, FileNotFound, StateConflict),
        summary="Try a mapping on a sample",
    )
    async def try_mapping(
        self,
        mapping_id: FromPath[str],
        data: JSONBody[TrialRequest],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
    ) -> TrialAnswer:
        """Judge a sample with the mapping; nothing is loaded or kept."""
        return await mappings.try_saved(principal, mapping_id, data)

    @post(
        "/try",
        status_code=200,
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(Malformed, UnknownDataset, FileNotFound, StateConflict),
        summary="Try a mapping that is not saved",
    )
    async def try_unsaved(
        self,
        data: JSONBody[UnsavedTrialRequest],
        principal: NamedDependency[Principal],
        mappings: NamedDependency[MappingDesk],
    ) -> TrialAnswer:
        """Check the mapping as if it were saved, and judge a sample with it."""
        return await mappings.try_unsaved(principal, data)


controllers = [MappingsController]
