"""Where two rooms meet that must not know each other: small adapters for the composition root."""

from collections.abc import Sequence
from uuid import UUID

from server.files.listing import Query
from server.files.service import FileService
from server.files.tickets import MultipartTicket
from server.insights.service import NewestFile


class NewestFiles:
    """The file records that insights show, read through the files room."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    async def newest(self, workspace_id: str, *, limit: int) -> Sequence[NewestFile]:
        """Return at most `limit` files of the workspace, newest first."""
        page = await self._files.page(workspace_id, Query(size=limit))
        return [
            NewestFile(
                file_id=str(file.file_id),
                name=file.name,
                dataset_type=file.dataset_type,
                status=str(file.is_at.status),
                outcome=file.outcome,
                rows_imported=file.rows_imported,
                size_bytes=file.size_bytes,
                created_at=file.created_at,
            )
            for file in page.files
        ]


class ResignedTickets:
    """Signs the upload URLs of a replayed answer as they were signed the first time."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    async def __call__(self, workspace_id: str, answer: dict[str, object]) -> None:
        """Put the URLs back into the answer; see `server/access/idempotency.py`."""
        file = await self._files.get(workspace_id, UUID(str(answer["id"])))
        ticket = self._files.uploads.sign(file)
        if not isinstance(ticket, MultipartTicket):
            answer["uploadUrl"] = ticket.upload_url
            return
        urls = {part.part_number: part.upload_url for part in ticket.parts}
        parts = answer["parts"]
        for part in parts if isinstance(parts, list) else []:
            part["uploadUrl"] = urls[part["partNumber"]]
