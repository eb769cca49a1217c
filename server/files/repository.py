"""All SQL that reads or changes a file's row and writes its history.

Every change is a compare-and-set on what the caller believes the row to be, raises the row's
version and, unless it is mere progress, leaves an event in the same transaction. Comes before
`service.py` (callers' wishes) and `claims.py` (workers' leases); lists are in `listing.py`,
files of the same bytes in `identical.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import SQLModel, col, insert, select

from server.errors import FileNotFound
from server.files.ids import new_id
from server.files.lifecycle import Stage, may_move
from server.files.mapped import mapping_of
from server.files.models import File, FileEvent
from server.files.telling import tell_change, tell_ending, tell_request
from server.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Cause:
    """Who changed a file, when and why: what its history tells."""

    actor: str
    """`key:…`, `user:…`, `worker:…`, `sweep` or `storage`."""
    what: str
    """noun.verb: `object.pinned`, `file.completed`."""
    at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)
    """Numbers, codes and ids; never a cell or a URL."""


@dataclass(frozen=True)
class NewFile:
    """A file as it is asked for: the columns that its row begins with."""

    file_id: UUID
    workspace_id: str
    dataset_type: str
    name: str
    file_type: str
    created_by: str
    declared_size_bytes: int | None
    declared_sha256: str | None
    options: dict[str, object]
    tags: dict[str, str]
    repair_of: UUID | None
    mapping_id: UUID | None
    mapping_name: str | None
    mapping_version: int | None
    object_key: str
    multipart_id: str | None
    part_size_bytes: int | None
    created_at: datetime
    expires_at: datetime


# A change of any of these is a line of history; heartbeats and progress change none. Which attempt
# readers see is told by the publication, and by the line that ends the file or its undo.
_TOLD_OF = frozenset({"stage", "outcome", "failure", "undo_requested_at", "undone_at"})
_FIRST: Mapping[str, object] = {
    "stage": str(Stage.AWAITING_UPLOAD),
    "attempt": 0,
    "faults": 0,
    "outages": 0,
    "progress": {},
    "issues": [],
    "version": 0,
}
# A statement on the table, its values bound apart: it is compiled once. This is the busiest write,
# and building it anew, or through the ORM, costs more than the database does.
_INSERT = insert(SQLModel.metadata.tables["files"])
_INSERT_EVENT = insert(SQLModel.metadata.tables["file_events"])


async def insert_file(unit: UnitOfWork, file: NewFile) -> None:
    """Write a new file: one statement. The first line of its history is its row (list_events)."""
    connection = await unit.session.connection()
    await connection.execute(_INSERT, {**_FIRST, **vars(file)})
    unit.tell_after_commit(partial(tell_request, file.file_id, file.dataset_type, file.created_by))


async def find_file(unit: UnitOfWork, file_id: UUID) -> File | None:
    """Return the file whatever its workspace; for storage events and workers only."""
    found = await unit.session.exec(
        select(File).where(File.file_id == file_id).execution_options(populate_existing=True)
    )
    return found.first()


async def get_file(unit: UnitOfWork, workspace_id: str, file_id: UUID) -> File:
    """Return the workspace's file.

    Raises:
        FileNotFound: there is none of that id in this workspace.
    """
    file = await find_file(unit, file_id)
    if file is None or file.workspace_id != workspace_id:
        raise FileNotFound
    return file


async def move(
    unit: UnitOfWork,
    file: File,
    after: Stage,
    cause: Cause,
    *,
    changes: Mapping[str, object] | None = None,
    where: Sequence[ColumnElement[bool]] = (),
) -> File | None:
    """Move the file on, if it still is where the caller saw it.

    Args:
        unit: the transaction.
        file: the row as read; its stage is compared.
        after: the stage to move to.
        cause: for the history.
        changes: columns to set with it.
        where: more that must hold of the row.

    Returns:
        The row as it is now, or None when somebody else moved it first.

    Raises:
        ValueError: `lifecycle.MOVES` has no such move.
    """
    before = file.is_at
    if not may_move(before, after):
        message = f"a file does not move from {before} to {after}"
        raise ValueError(message)
    return await change(
        unit,
        file.file_id,
        cause,
        values={**(changes or {}), "stage": str(after)},
        where=[col(File.stage) == str(before), *where],
        before=before,
    )


async def change(
    unit: UnitOfWork,
    file_id: UUID,
    cause: Cause | None,
    *,
    values: Mapping[str, object],
    where: Sequence[ColumnElement[bool]] = (),
    before: Stage | None = None,
) -> File | None:
    """Set columns of the file's row, if `where` holds; return the row as it is now, or None.

    Args:
        unit: the transaction.
        file_id: whose row.
        cause: for the history; None writes none (heartbeats and progress).
        values: columns to set.
        where: what must hold of the row.
        before: the stage that the history names as the earlier one; None when it did not change.

    Raises:
        ValueError: what callers are told of the file would change, and the history not say why.
    """
    if cause is None and (untold := _TOLD_OF & values.keys()):
        message = f"no cause is given for a change of {', '.join(sorted(untold))}"
        raise ValueError(message)
    statement = (
        update(File)
        .where(col(File.file_id) == file_id, *where)
        .values(**values, version=File.version + 1)
        .returning(File)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    answer = await unit.session.exec(statement)
    row = answer.first()
    if row is None:
        return None
    file: File = row[0]
    if values.get("outcome") is not None:
        unit.tell_after_commit(partial(tell_ending, file, values))
    if cause is not None:
        await _write_event(unit, file, cause, before=before or file.is_at, after=file.is_at)
    return file


async def note(unit: UnitOfWork, file: File, cause: Cause) -> None:
    """Write a line of history that changes nothing in the row."""
    await _write_event(unit, file, cause, before=file.is_at, after=file.is_at)


async def list_events(unit: UnitOfWork, file: File) -> list[FileEvent]:
    """Return the file's history, oldest first; it begins with the request for the upload."""
    mapping = mapping_of(file)
    asked = FileEvent(
        event_id=file.file_id,
        file_id=file.file_id,
        workspace_id=file.workspace_id,
        at=file.created_at,
        actor=file.created_by,
        cause="upload.requested",
        stage_after=str(Stage.AWAITING_UPLOAD),
        detail={"mapping": mapping.as_json()} if mapping else {},
    )
    found = await unit.session.exec(
        select(FileEvent).where(FileEvent.file_id == file.file_id).order_by(col(FileEvent.event_id))
    )
    return [asked, *found]


async def _write_event(
    unit: UnitOfWork, file: File, cause: Cause, *, before: Stage | None, after: Stage
) -> None:
    values = {
        "event_id": new_id(),
        "file_id": file.file_id,
        "workspace_id": file.workspace_id,
        "at": cause.at,
        "actor": cause.actor,
        "cause": cause.what,
        "stage_before": str(before) if before else None,
        "stage_after": str(after),
        "detail": dict(cause.detail),
    }
    connection = await unit.session.connection()
    await connection.execute(_INSERT_EVENT, values)
    unit.tell_after_commit(partial(tell_change, values))
