"""Files of the same bytes: the earlier one that makes a file a duplicate, and its duplicates.

The ingest asks before it loads; undo asks who stands in for the file it takes back.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, false
from sqlmodel import col, or_, select

from server.files.attempt import Claim
from server.files.lifecycle import Stage
from server.files.models import File
from server.unit_of_work import UnitOfWork

_UNDER_WAY: Final = [
    str(stage) for stage in (Stage.QUEUED, Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)
]


async def find_identical(unit: UnitOfWork, claim: Claim, sha256: str | None) -> File | None:
    """Return the first file of the same bytes that arrived before and is visible, or None.

    The same bytes: size and ETag, where the ETag is that of a single PUT (with `-` it depends on
    the parts), or the same sha256.
    """
    seen = [
        col(File.stage) == str(Stage.COMPLETED),
        col(File.rows_imported) > 0,
        col(File.published_attempt).is_not(None),
        col(File.undone_at).is_(None),
    ]
    return next(iter(await _earlier(unit, claim, sha256, seen)), None)


async def find_under_way(unit: UnitOfWork, claim: Claim, sha256: str | None) -> File | None:
    """Return a file of the same bytes that arrived before and may yet be imported, or None."""
    under_way = [col(File.stage).in_(_UNDER_WAY)]
    found = await _earlier(unit, claim, sha256, under_way)
    return next((file for file in found if not file.options.get("dryRun")), None)


async def list_waiting(unit: UnitOfWork, claim: Claim) -> list[UUID]:
    """Return the files of the same bytes that were put back."""
    found = await unit.session.exec(
        select(File.file_id).where(
            *_same_place(claim),
            File.stage == str(Stage.QUEUED),
            col(File.not_before).is_not(None),
            or_(*_same_bytes(claim, claim.declared_sha256)),
        )
    )
    return list(found)


async def _earlier(
    unit: UnitOfWork, claim: Claim, sha256: str | None, more: Sequence[ColumnElement[bool]]
) -> list[File]:
    found = await unit.session.exec(
        select(File)
        .where(
            *_same_place(claim),
            or_(*_same_bytes(claim, sha256)),
            or_(
                col(File.uploaded_at) < claim.uploaded_at,
                (col(File.uploaded_at) == claim.uploaded_at) & (col(File.file_id) < claim.file_id),
            ),
            *more,
        )
        .order_by(col(File.uploaded_at), col(File.file_id))
    )
    return list(found)


def _same_place(claim: Claim) -> list[ColumnElement[bool]]:
    mapping = claim.mapping
    return [
        col(File.workspace_id) == claim.workspace_id,
        col(File.dataset_type) == claim.dataset_type,
        col(File.size_bytes) == claim.size_bytes,
        col(File.file_id) != claim.file_id,
        # Read with another mapping they say something else: a corrected one must be able to load.
        col(File.mapping_id).is_not_distinct_from(mapping.mapping_id if mapping else None),
        col(File.mapping_version).is_not_distinct_from(mapping.version if mapping else None),
    ]


def _same_bytes(claim: Claim, sha256: str | None) -> list[ColumnElement[bool]]:
    same: list[ColumnElement[bool]] = [false()]
    if "-" not in claim.etag:
        same.append(col(File.etag) == claim.etag)
    if sha256 is not None:
        same.append(or_(col(File.sha256) == sha256, col(File.declared_sha256) == sha256))
    return same


async def list_duplicates(unit: UnitOfWork, file_id: UUID) -> list[File]:
    """Return the completed duplicates of a file in order of arrival; undo promotes the first.

    Not those that were only to be judged: nothing of them may ever load.
    """
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
    return [file for file in found if not file.options.get("dryRun")]
