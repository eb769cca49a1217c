"""`GET /analytics/files`: the list, its filters and its pages."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import FieldFault, Malformed
from server.files.answers import BASE_PATH, FilePage, NextPage, answer_file, page_path
from server.files.lifecycle import Outcome, Status
from server.files.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Query, read_window
from server.files.refusals import refusals
from server.files.service import FileService

_STATUS = "filter[status]"
_OUTCOME = "filter[outcome]"
_DATASET = "filter[datasetType]"
_NAME = "filter[name]"
_CREATED = "filter[createdAt]"
_SIZE = "page[size]"
_AFTER = "page[after]"


class FileListController(Controller):
    """The list of a workspace's files."""

    path = BASE_PATH
    tags = ("Files",)

    @get(
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(Malformed),
        summary="List files",
    )
    async def list_files(
        self,
        *,
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        status: Annotated[list[Status] | None, QueryParameter(name=_STATUS)] = None,
        outcome: Annotated[list[Outcome] | None, QueryParameter(name=_OUTCOME)] = None,
        dataset_type: Annotated[list[str] | None, QueryParameter(name=_DATASET)] = None,
        name: Annotated[str | None, QueryParameter(name=_NAME, max_length=255)] = None,
        created_at: Annotated[str | None, QueryParameter(name=_CREATED)] = None,
        sort: Annotated[str, QueryParameter(name="sort", pattern="^-?createdAt$")] = "-createdAt",
        after: Annotated[str | None, QueryParameter(name=_AFTER, max_length=200)] = None,
        size: Annotated[int, QueryParameter(name=_SIZE, ge=1, le=MAX_PAGE_SIZE)] = (
            DEFAULT_PAGE_SIZE
        ),
    ) -> FilePage:
        """Answer one page of the workspace's files, newest first unless asked otherwise."""
        _refuse_nul([*(dataset_type or ()), name or ""])
        query = Query(
            statuses=tuple(status or ()),
            outcomes=tuple(outcome or ()),
            dataset_types=tuple(dataset_type or ()),
            name=name,
            created_at=read_window(created_at, _CREATED) if created_at else None,
            is_oldest_first=not sort.startswith("-"),
            after=after,
            size=size,
        )
        page = await file_service.page(principal.workspace_id, query)
        following = None
        if page.next_cursor is not None:
            asked = [
                *((_STATUS, str(value)) for value in query.statuses),
                *((_OUTCOME, str(value)) for value in query.outcomes),
                *((_DATASET, value) for value in query.dataset_types),
                *([(_NAME, name)] if name else []),
                *([(_CREATED, created_at)] if created_at else []),
                ("sort", sort),
                (_SIZE, str(size)),
                (_AFTER, page.next_cursor),
            ]
            following = page_path(BASE_PATH, asked)
        results = [answer_file(file) for file in page.files]
        return FilePage(results=results, links=NextPage(next=following))


def _refuse_nul(texts: list[str]) -> None:
    # The one character that PostgreSQL takes in no text.
    if any("\0" in text for text in texts):
        detail = "The query is not of the documented form."
        raise Malformed(detail, errors=[FieldFault("filter", "invalid", "Holds a NUL character")])
