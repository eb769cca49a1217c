"""The list of a workspace's files: filters, order, pages, and counts per stage."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, or_, select

from server.errors import FieldFault, Malformed
from server.files.lifecycle import Outcome, Stage, Status
from server.files.models import File
from server.unit_of_work import UnitOfWork

MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 50
_AFTER = "page[after]"


@dataclass(frozen=True)
class Window:
    """A span of time; `before` is not part of it. None is open."""

    start: datetime | None
    before: datetime | None


class Unsent(StrEnum):
    """What a list does with files that were asked for and whose bytes are not there."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    ONLY = "only"


@dataclass(frozen=True)
class Query:
    """What to list; None leaves a filter out."""

    statuses: tuple[Status, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    dataset_types: tuple[str, ...] = ()
    name: str | None = None
    """Contained in the file's name, whatever the case."""
    created_at: Window | None = None
    arrived_since: datetime | None = None
    """Only files whose bytes came at that time or later."""
    stages: tuple[Stage, ...] = ()
    unsent: Unsent = Unsent.SHOWN
    repair_of: UUID | None = None
    """Only files that repair this one."""
    is_oldest_first: bool = False
    after: str | None = None
    """Cursor of the last file of the page before."""
    size: int = DEFAULT_PAGE_SIZE


@dataclass(frozen=True)
class Page:
    """Files in order, and the cursor of the last one when there are more."""

    files: list[File]
    next_cursor: str | None


async def list_files(unit: UnitOfWork, workspace_id: str, query: Query) -> Page:
    """Return one page, by time of asking, then id.

    Raises:
        Malformed: the cursor is not one of ours.
    """
    by = (col(File.created_at), col(File.file_id))
    order = by if query.is_oldest_first else tuple(column.desc() for column in by)
    found = await unit.session.exec(
        select(File)
        .where(File.workspace_id == workspace_id, *_conditions(query))
        .order_by(*order)
        .limit(query.size + 1)
    )
    files = list(found)
    has_more = len(files) > query.size
    shown = files[: query.size]
    return Page(shown, _cursor(shown[-1]) if has_more else None)


async def count_stages(unit: UnitOfWork, workspace_id: str | None = None) -> dict[Stage, int]:
    """Return how many files are in each stage; of all workspaces when None (for metrics)."""
    statement = select(col(File.stage), func.count()).group_by(col(File.stage))
    if workspace_id is not None:
        statement = statement.where(File.workspace_id == workspace_id)
    counted = {Stage(stage): count for stage, count in await unit.session.exec(statement)}
    return {stage: counted.get(stage, 0) for stage in Stage}


async def count_pending(unit: UnitOfWork, workspace_id: str) -> int:
    """Return how many files of the workspace wait for their bytes; one index is read."""
    found = await unit.session.exec(
        select(func.count()).where(
            File.workspace_id == workspace_id, File.stage == str(Stage.AWAITING_UPLOAD)
        )
    )
    return found.one()


async def sum_bytes_since(unit: UnitOfWork, workspace_id: str, since: datetime) -> int:
    """Return the bytes of the files asked for since then: as they arrived, or as announced."""
    sizes = func.coalesce(File.size_bytes, File.declared_size_bytes, 0)
    found = await unit.session.exec(
        select(func.coalesce(func.sum(sizes), 0)).where(
            File.workspace_id == workspace_id, col(File.created_at) >= since
        )
    )
    return int(found.one())


async def count_unsent(unit: UnitOfWork, workspace_id: str) -> int:
    """Return how many files of the workspace were asked for and never sent."""
    found = await unit.session.exec(
        select(func.count()).where(
            File.workspace_id == workspace_id, *_conditions(Query(unsent=Unsent.ONLY))
        )
    )
    return found.one()


def read_window(text: str, parameter: str) -> Window:
    """Return the half-open span written as `[from,to)`; either end may be left out.

    Raises:
        Malformed: it is not of that form, or an end is neither a date nor an RFC 3339 time.
    """
    match = re.fullmatch(r"\[?([^,\[\]()]*),([^,\[\]()]*)\)?", text.strip())
    if match is None:
        raise _malformed(parameter, "Written as [from,to), each a date or an RFC 3339 time")
    start, before = (_read_time(part.strip(), parameter) for part in match.groups())
    return Window(start, before)


def _conditions(query: Query) -> list[ColumnElement[bool]]:
    made = _standing_at(query)
    if query.outcomes:
        made.append(col(File.outcome).in_([str(outcome) for outcome in query.outcomes]))
    if query.dataset_types:
        made.append(col(File.dataset_type).in_(query.dataset_types))
    if query.name:
        made.append(func.lower(col(File.name)).contains(query.name.lower(), autoescape=True))
    if query.created_at is not None:
        if query.created_at.start is not None:
            made.append(col(File.created_at) >= query.created_at.start)
        if query.created_at.before is not None:
            made.append(col(File.created_at) < query.created_at.before)
    if query.arrived_since is not None:
        made.append(col(File.uploaded_at) >= query.arrived_since)
    if query.repair_of is not None:
        made.append(col(File.repair_of) == query.repair_of)
    if query.after is not None:
        made.append(_beyond(*_read_cursor(query.after), is_oldest_first=query.is_oldest_first))
    return made


def _standing_at(query: Query) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = []
    if query.statuses:
        stages = [str(stage) for stage in Stage if stage.status in query.statuses]
        made.append(col(File.stage).in_(stages))
    if query.stages:
        made.append(col(File.stage).in_([str(stage) for stage in query.stages]))
    match query.unsent:
        case Unsent.HIDDEN:
            made.append(col(File.uploaded_at).is_not(None))
        case Unsent.ONLY:
            made.append(col(File.uploaded_at).is_(None))
        case Unsent.SHOWN:
            pass
    return made


def _beyond(created_at: datetime, file_id: UUID, *, is_oldest_first: bool) -> ColumnElement[bool]:
    at, key = col(File.created_at), col(File.file_id)
    if is_oldest_first:
        return or_(at > created_at, (at == created_at) & (key > file_id))
    return or_(at < created_at, (at == created_at) & (key < file_id))


def _cursor(file: File) -> str:
    # The time in whole microseconds: exact, and the same in every database.
    since = file.created_at - datetime.fromtimestamp(0, UTC)
    micros = since // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{file.file_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        micros, _, file_id = text.partition(".")
        at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
        return at, UUID(file_id)
    except (ValueError, OverflowError, binascii.Error) as fault:
        raise _malformed(_AFTER, "Not a cursor that was given out") from fault


def _read_time(text: str, parameter: str) -> datetime | None:
    if not text:
        return None
    # In a query a plus sign that was not escaped arrives as a space.
    text = re.sub(r"(T.*) (\d\d:\d\d)$", r"\1+\2", text)
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise _malformed(parameter, "Neither a date nor an RFC 3339 time") from fault


def _malformed(parameter: str, detail: str) -> Malformed:
    sentence = "The query is not of the documented form."
    return Malformed(sentence, errors=[FieldFault(parameter, "invalid", detail)])
