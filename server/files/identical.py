"""Files of the same bytes: the earlier one that makes a file a duplicate, and its duplicates.

The ingest asks before it loads; undo asks who stands in for the file it takes back.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from server.files.lifecycle import Stage
from server.files.models import File
from server.unit_of_work import UnitOfWork


async def find_identical(
    unit: UnitOfWork,
    *,
    file_id: UUID,
    workspace_id: str,
    dataset_type: str,
    etag: str,
    size_bytes: int,
    sha256: str | None,
    uploaded_at: datetime,
) -> File | None:
    """Return the first imported file of the same bytes that arrived before this one, or None.

    The same bytes: size and ETag, where the ETag is that of a single PUT (with `-` it depends on
    the parts), or the same sha256.
    """
    same: list[ColumnElement[bool]] = []
    if "-" not in etag:
        same.append(col(File.etag) == etag)
    if sha256 is not None:
        same.append(col(File.sha256) == sha256)
    if not same:
        return None
    found = await unit.session.exec(
        select(File)
        .where(
            File.workspace_id == workspace_id,
            File.dataset_type == dataset_type,
            File.size_bytes == size_bytes,
            or_(*same),
            File.stage == str(Stage.COMPLETED),
            col(File.rows_imported) > 0,
            col(File.undone_at).is_(None),
            or_(
                col(File.uploaded_at) < uploaded_at,
                (col(File.uploaded_at) == uploaded_at) & (col(File.file_id) < file_id),
            ),
        )
        .order_by(col(File.uploaded_at), col(File.file_id))
        .limit(1)
    )
    return found.first()


async def list_duplicates(unit: UnitOfWork, file_id: UUID) -> list[File]:
    """Return the completed duplicates of a file in order of arrival; undo promotes the first."""
    found = await unit.session.exec(
        select(File)
        .where(
            File.duplicate_of == file_id,
            File.stage == str(Stage.COMPLETED),
            col(File.undone_at).is_(None),
            col(File.undo_requested_at).is_(None),
        )
        .order_by(col(File.uploaded_at), col(File.file_id))
    )
    return list(found)
