"""What callers are told about files: every field, as the public contract lists them.

Built from the file's row (`models.py`), which is never returned itself.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.files.lifecycle import Outcome, Stage, Status
from server.files.mapped import mapping_of
from server.files.models import File
from server.files.repaired import repaired

BASE_PATH = "/analytics/files"


class Answer(BaseModel):
    """A part of an answer: camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore"
    )


class FileDetails(Answer):
    """The bytes, as announced and as found."""

    name: str
    type: str
    size_bytes: int | None
    etag: str | None
    sha256: str | None
    compression: str | None
    encoding: str | None
    delimiter: str | None


class MappingNamed(Answer):
    """The version of a mapping that the file is read with."""

    id: str
    name: str
    version: int


class Progress(Answer):
    """How far the attempt is."""

    bytes_done: int = 0
    bytes_total: int = 0
    rows_done: int = 0


class Total(Answer):
    """Rows and money of one currency and type, over the imported rows."""

    currency: str | None
    transaction_type: str | None
    count: int
    amount: str


class Control(Answer):
    """A total that was expected, and what came out."""

    name: str
    currency: str | None = None
    expected: str
    actual: str
    difference: str
    result: str


class Durations(Answer):
    """Where the time went."""

    queued_seconds: float | None = None
    inspect_seconds: float | None = None
    load_seconds: float | None = None
    publish_seconds: float | None = None


class Statistics(Answer):
    """Every row accounted for. Defaults stand in for what an earlier version did not write."""

    rows_total: int = 0
    rows_imported: int = 0
    rows_rejected: int = 0
    rows_duplicate: int = 0
    rows_withheld: int = 0
    rows_inserted: int = 0
    rows_replaced: int = 0
    rows_outdated: int = 0
    rows_with_warnings: int = 0
    rows_skipped: int = 0
    rows_repaired: int = 0
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    totals: list[Total] = Field(default_factory=list)
    controls: list[Control] = Field(default_factory=list)
    durations: Durations = Field(default_factory=Durations)


class Header(Answer):
    """How the header met the dataset's columns."""

    matched: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    unknown: list[str] = Field(default_factory=list)
    ignored: list[str] = Field(default_factory=list)


class IssueSummary(Answer):
    """One kind of issue in one column: how often, and where first."""

    code: str
    severity: str
    column: str | None
    count: int
    first_row_number: int | None
    message: str


class Links(Answer):
    """Paths, relative to the host."""

    self: str
    rejected_rows: str | None
    """Null, as the next two, once the rows are removed: they are kept for a set time."""
    rejected_rows_csv: str | None
    warned_rows: str | None
    original: str | None
    """None when the bytes are not kept any more."""
    history: str


class FileAnswer(Answer):
    """Everything about one file."""

    id: str
    dataset_type: str
    status: Status
    stage: Stage
    outcome: Outcome | None
    file: FileDetails
    created_at: datetime
    expires_at: datetime
    uploaded_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    undone_at: datetime | None
    undo_until: datetime | None
    created_by: str
    attempt: int
    duplicate_of: str | None
    repair_of: str | None
    mapping: MappingNamed | None
    options: dict[str, object]
    metadata: dict[str, str]
    progress: Progress
    statistics: Statistics | None
    header: Header | None
    failure: dict[str, object] | None
    issues: list[IssueSummary]
    links: Links


class NextPage(Answer):
    """Where a list goes on."""

    next: str | None


class FilePage(Answer):
    """One page of the list."""

    results: list[FileAnswer]
    links: NextPage


class HistoryEntry(Answer):
    """One change in a file's life."""

    at: datetime
    actor: str
    cause: str
    stage_before: Stage | None
    stage_after: Stage | None
    status: Status | None
    detail: dict[str, object]


def answer_file(file: File) -> FileAnswer:
    """Return what callers are told about the row."""
    mapping = mapping_of(file)
    return FileAnswer(
        id=str(file.file_id),
        dataset_type=file.dataset_type,
        status=file.is_at.status,
        stage=file.is_at,
        outcome=file.ended_as,
        file=FileDetails(
            name=file.name,
            type=file.file_type,
            size_bytes=file.size_bytes if file.size_bytes is not None else file.declared_size_bytes,
            etag=file.etag,
            sha256=file.sha256 or file.declared_sha256,
            compression=file.compression,
            encoding=file.encoding,
            delimiter=file.delimiter,
        ),
        created_at=file.created_at,
        expires_at=file.expires_at,
        uploaded_at=file.uploaded_at,
        started_at=file.started_at,
        completed_at=file.completed_at,
        undone_at=file.undone_at,
        undo_until=file.undo_until,
        created_by=file.created_by,
        attempt=file.attempt,
        duplicate_of=str(file.duplicate_of) if file.duplicate_of else None,
        repair_of=str(file.repair_of) if file.repair_of else None,
        mapping=MappingNamed.model_validate(mapping.as_json()) if mapping else None,
        options=file.options,
        metadata=file.tags,
        progress=Progress.model_validate(file.progress),
        statistics=Statistics.model_validate(repaired(file.statistics, file.rows_repaired))
        if file.statistics
        else None,
        header=Header.model_validate(file.header) if file.header is not None else None,
        failure=file.failure,
        issues=[IssueSummary.model_validate(issue) for issue in file.issues],
        links=links_of(
            str(file.file_id),
            has_original=not _is_gone(file),
            has_rows=file.rows_removed_at is None,
        ),
    )


def _is_gone(file: File) -> bool:
    """Return whether the bytes arrived once and are not kept any more."""
    return file.size_bytes is not None and file.object_version is None


def links_of(file_id: str, *, has_original: bool = True, has_rows: bool = True) -> Links:
    """Return the paths that belong to a file; its bytes and its rows may be removed."""
    here = f"{BASE_PATH}/{file_id}"
    return Links(
        self=here,
        rejected_rows=f"{here}/rejected-rows" if has_rows else None,
        rejected_rows_csv=f"{here}/rejected-rows.csv" if has_rows else None,
        warned_rows=f"{here}/warned-rows" if has_rows else None,
        original=f"{here}/original" if has_original else None,
        history=f"{here}/history",
    )


def page_path(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Return a relative link with its query, brackets escaped."""
    query = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in parameters)
    return f"{path}?{query}" if query else path
