"""`GET /analytics/files/{id}/events`: a file's changes as they happen, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from litestar.response import Stream

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import FileNotFound
from server.files.answers import BASE_PATH, answer_file
from server.files.ids import parse_file_id
from server.files.models import File
from server.files.refusals import refusals
from server.files.service import FileService
from server.files.watching import is_over

_HEADERS = {
    "Cache-Control": "no-cache",
    # Proxies that buffer would hold an event back until the next ones fill their buffer.
    "X-Accel-Buffering": "no",
}


class FileEventsController(Controller):
    """The event stream of one file."""

    path = BASE_PATH
    tags = ("Files",)

    @get(
        "/{file_id:str}/events",
        guards=[requires(Scope.FILES_READ)],
        responses=refusals(FileNotFound),
        media_type="text/event-stream",
        summary="Follow a file",
    )
    async def follow(
        self,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", description="Where to go on")
        ] = None,
    ) -> Response[None] | Stream:
        """Send the file, as GET answers it, now and at every change; end at its final state.

        The event's id is the version of the file. A client that already saw the final state gets
        204, which tells an `EventSource` not to come back.
        """
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        since = int(last_event_id) if last_event_id and last_event_id.isdecimal() else None
        if is_over(file) and since == file.version:
            return Response(None, status_code=204)
        changes = file_service.watcher.changes(file.file_id, since)
        return Stream(_as_events(changes), media_type="text/event-stream", headers=_HEADERS)


async def _as_events(changes: AsyncIterator[File | None]) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async for file in changes:
        if file is None:
            yield b": ping\n\n"
            continue
        data = answer_file(file).model_dump_json(by_alias=True)
        yield f"id: {file.version}\ndata: {data}\n\n".encode()
