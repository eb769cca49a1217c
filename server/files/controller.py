"""The routes under `/analytics/files`: declared, guarded, one service call each.

Comes before `service.py`. The list, the event stream, the rows and the store's webhook have
controllers of their own; `controllers` lists all of this room.
"""

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import BodyKwarg, FromPath, JSONBody
from litestar.response import Redirect

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import (
    FileNotFound,
    Malformed,
    StateConflict,
    TooLarge,
    UnknownDataset,
    UnknownMapping,
    UnsupportedFileType,
)
from server.files.answers import (
    BASE_PATH,
    FileAnswer,
    answer_file,
)
from server.files.events_controller import FileEventsController
from server.files.history import HistoryPage
from server.files.ids import parse_file_id
from server.files.list_controller import FileListController
from server.files.refusals import refusals
from server.files.rows_controller import FileRowsController
from server.files.schemas import CompleteRequest, UploadRequest
from server.files.service import FileService
from server.files.storage_events import StorageEventsController
from server.files.tickets import MultipartTicket, PartsAnswer, UploadTicket


class FilesController(Controller):
    """Files: ask for an upload, follow it, and what can be done with it afterwards."""

    path = BASE_PATH
    tags = ("Files",)

    @post(
        "/upload",
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(
            Malformed, UnknownDataset, UnsupportedFileType, UnknownMapping, TooLarge, FileNotFound
        ),
        summary="Ask for an upload URL",
    )
    async def request_upload(
        self,
        data: JSONBody[UploadRequest],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> UploadTicket | MultipartTicket:
        """Write a new file and answer where to PUT its bytes."""
        return await file_service.uploads.request(principal, data)

    @get(
        "/{file_id:str}",
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(FileNotFound),
        summary="Read a file's record",
    )
    async def read_file(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> FileAnswer:
        """Answer everything about one file."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        return answer_file(file)

    @get(
        "/{file_id:str}/history",
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(FileNotFound),
        summary="Read a file's history",
    )
    async def read_history(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> HistoryPage:
        """Answer every change of the file, with time, actor and cause."""
        return await file_service.history(principal.workspace_id, parse_file_id(file_id))

    @get(
        "/{file_id:str}/parts",
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(FileNotFound, StateConflict),
        summary="Go on with an upload in parts",
    )
    async def read_parts(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> PartsAnswer:
        """Answer which parts have arrived, and fresh URLs for the rest."""
        return await file_service.uploads.parts(principal, parse_file_id(file_id))

    @get(
        "/{file_id:str}/original",
        guards=[requires(Scope.FILES_DOWNLOAD)],
        responses=refusals(FileNotFound, StateConflict),
        status_code=302,
        summary="Download the file as it was sent",
    )
    async def download_original(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> Redirect:
        """Send the caller to a short-lived URL of the pinned bytes."""
        url = await file_service.original_url(principal, parse_file_id(file_id))
        return Redirect(url, status_code=302, headers={"Cache-Control": "no-store"})

    @post(
        "/{file_id:str}/complete",
        status_code=202,
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(Malformed, FileNotFound, StateConflict),
        summary="Say that the upload is done",
    )
    async def complete(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        data: Annotated[CompleteRequest | None, BodyKwarg()] = None,
    ) -> FileAnswer:
        """Look for the bytes now; a hint, never needed for a single PUT."""
        parts = data.parts if data is not None else None
        return await file_service.complete(principal, parse_file_id(file_id), parts)

    @post(
        "/{file_id:str}/cancel",
        status_code=202,
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(FileNotFound, StateConflict),
        summary="Give up a Pending file",
    )
    async def cancel(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> FileAnswer:
        """Give up a file whose bytes have not arrived."""
        return await file_service.cancel(principal, parse_file_id(file_id))

    @post(
        "/{file_id:str}/reprocess",
        status_code=202,
        guards=[requires(Scope.FILES_WRITE)],
        responses=refusals(FileNotFound, StateConflict),
        summary="Judge and load the stored bytes again",
    )
    async def reprocess(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> FileAnswer:
        """Have the pinned bytes judged again; until that ends well the old rows stay."""
        return await file_service.reprocess(principal, parse_file_id(file_id))

    @post(
        "/{file_id:str}/undo",
        status_code=202,
        guards=[requires(Scope.FILES_UNDO)],
        responses=refusals(FileNotFound, StateConflict),
        summary="Take a file's rows back",
    )
    async def undo(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
    ) -> FileAnswer:
        """Have the dashboards show what they would had the file never been sent."""
        return await file_service.undo(principal, parse_file_id(file_id))


controllers = [
    FilesController,
    FileListController,
    FileEventsController,
    FileRowsController,
    StorageEventsController,
]
