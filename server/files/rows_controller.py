"""A file's rejected and warned rows: page by page as JSON, and as a CSV to repair and resend."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.analytics.gateway import Analytics
from server.audit.actions import Action
from server.datasets.catalogue import Catalogue
from server.errors import FileNotFound, Malformed, NotFound, StateConflict
from server.files.answers import BASE_PATH, Answer, NextPage, page_path
from server.files.attachment import attachment
from server.files.ids import parse_file_id
from server.files.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from server.files.models import File
from server.files.refusals import refusals
from server.files.row_source import row_source
from server.files.service import FileService
from server.reports.rows import Kind, RowReport, RowSource, rejected_csv, rows

_SIZE = "page[size]"
_AFTER = "page[after]"


class RowIssue(Answer):
    """What is wrong with a row."""

    code: str
    severity: str
    column: str | None
    message: str


class RowAnswer(Answer):
    """One row as it was sent, and what is wrong with it."""

    row_number: int
    issues: list[RowIssue]
    cells: dict[str, str | None]


class RowPage(Answer):
    """One page of rows, by row number."""

    results: list[RowAnswer]
    links: NextPage


class FileRowsController(Controller):
    """The rows of a file that were set aside or warned of."""

    path = BASE_PATH
    tags = ("Files",)

    @get(
        "/{file_id:str}/rejected-rows",
        guards=[requires(Scope.FILES_DOWNLOAD)],
        responses=refusals(FileNotFound, NotFound, Malformed),
        summary="Read a file's rejected rows",
    )
    async def read_rejected(
        self,
        *,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
        after: Annotated[int, QueryParameter(name=_AFTER, ge=0, le=2**62)] = 0,
        size: Annotated[int, QueryParameter(name=_SIZE, ge=1, le=MAX_PAGE_SIZE)] = (
            DEFAULT_PAGE_SIZE
        ),
    ) -> RowPage:
        """Answer one page of the rows that were rejected, with reasons and original cells."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        source = rows_of(file, catalogue)
        return await _page(analytics, source, kind="rejected", after=after, size=size)

    @get(
        "/{file_id:str}/warned-rows",
        guards=[requires(Scope.FILES_DOWNLOAD)],
        responses=refusals(FileNotFound, NotFound, Malformed),
        summary="Read a file's rows with warnings",
    )
    async def read_warned(
        self,
        *,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
        after: Annotated[int, QueryParameter(name=_AFTER, ge=0, le=2**62)] = 0,
        size: Annotated[int, QueryParameter(name=_SIZE, ge=1, le=MAX_PAGE_SIZE)] = (
            DEFAULT_PAGE_SIZE
        ),
    ) -> RowPage:
        """Answer one page of the rows that were kept with a warning."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        source = rows_of(file, catalogue)
        return await _page(analytics, source, kind="warned", after=after, size=size)

    @get(
        "/{file_id:str}/rejected-rows.csv",
        guards=[requires(Scope.FILES_DOWNLOAD)],
        responses=refusals(FileNotFound, NotFound, StateConflict),
        media_type="text/csv",
        summary="Download a file's rejected rows",
    )
    async def download_rejected(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
    ) -> Stream:
        """Answer the rejected rows as they were sent, ready to be repaired and sent again."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        source = rows_of(file, catalogue)
        if source is None:
            detail = "The rows of the file have not been judged."
            raise StateConflict(detail)
        chunks = rejected_csv(analytics, source)
        # The header and the first rows, before the answer begins: ClickHouse being away must be
        # a 503, not half a file.
        first = [await anext(chunks, b""), await anext(chunks, b"")]
        await file_service.note_download(Action.REJECTED_DOWNLOADED, principal, file)
        name = f"{file.name.rpartition('.')[0] or file.name}-rejected-rows.csv"
        return Stream(
            _chain(first, chunks),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": attachment(name)},
        )


def rows_of(file: File, catalogue: Catalogue) -> RowSource | None:
    """Return where the file's rows are; None before they were judged.

    Raises:
        NotFound: they were removed, their time being over.
    """
    if file.rows_removed_at is not None:
        day = file.rows_removed_at.date()
        detail = (
            f"The rows were kept for a set time and removed on {day}; their counts and issues"
            " stand in the file's record. Reprocess the file to have them judged again."
        )
        raise NotFound(detail)
    return row_source(file, catalogue.get(file.dataset_type))


async def _page(
    analytics: Analytics,
    source: RowSource | None,
    *,
    kind: Kind,
    after: int,
    size: int,
) -> RowPage:
    if source is None:
        return RowPage(results=[], links=NextPage(next=None))
    found = await rows(analytics, source, kind=kind, after_row=after, limit=size + 1)
    shown = found[:size]
    following = None
    if len(found) > size:
        asked = [(_SIZE, str(size)), (_AFTER, str(shown[-1].row_number))]
        following = page_path(f"{BASE_PATH}/{source.file_id}/{kind}-rows", asked)
    return RowPage(results=[_answer_row(row) for row in shown], links=NextPage(next=following))


def _answer_row(row: RowReport) -> RowAnswer:
    return RowAnswer(
        row_number=row.row_number,
        issues=[
            RowIssue(
                code=issue.code,
                severity=issue.severity,
                column=issue.column,
                message=issue.message,
            )
            for issue in row.issues
        ],
        cells=dict(row.cells),
    )


async def _chain(first: Sequence[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in first:
        yield chunk
    async for chunk in rest:
        yield chunk
