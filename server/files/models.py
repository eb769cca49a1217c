"""The tables of a file's life: one row per file is the truth about it.

Never returned from a handler; `schemas.py` says what callers see.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from server.db.types import Json, UtcDateTime
from server.files.lifecycle import Outcome, Stage


class File(SQLModel, table=True):
    """One file: asked for, sent, judged, published."""

    __tablename__ = "files"
    __table_args__ = (
        Index("ix_files_workspace_created", "workspace_id", "created_at"),
        Index("ix_files_stage_lease", "stage", "lease_expires_at"),
        Index("ix_files_workspace_stage", "workspace_id", "stage"),
        Index("ix_files_bytes", "workspace_id", "dataset_type", "etag", "size_bytes"),
        Index("ix_files_undo_requested", "undo_requested_at"),
        Index("ix_files_duplicate_of", "duplicate_of"),
    )

    file_id: UUID = Field(primary_key=True)
    """UUIDv7: its order is the order of asking."""
    workspace_id: str = Field(max_length=36)
    dataset_type: str = Field(max_length=64)
    name: str = Field(max_length=255)
    file_type: str = Field(max_length=16)
    created_by: str = Field(max_length=120)
    """The principal: `key:<name>` or `user:<e-mail>`."""

    stage: str = Field(default=Stage.AWAITING_UPLOAD, max_length=20)
    outcome: str | None = Field(default=None, max_length=32)

    declared_size_bytes: int | None = Field(default=None, sa_type=BigInteger)
    declared_sha256: str | None = Field(default=None, max_length=64)
    options: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    tags: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    """The caller's `metadata`; SQLAlchemy keeps that name for itself."""
    repair_of: UUID | None = Field(default=None, index=True)
    mapping_id: UUID | None = Field(default=None)
    """With name and version: the mapping its texts are read with; see `mapped.py`."""
    mapping_name: str | None = Field(default=None, max_length=100)
    mapping_version: int | None = Field(default=None)

    object_key: str = Field(max_length=255)
    multipart_id: str | None = Field(default=None, max_length=255)
    part_size_bytes: int | None = Field(default=None, sa_type=BigInteger)
    """Size of every part but the last, when the file comes in parts."""
    object_version: str | None = Field(default=None, max_length=128)
    """The pinned version: with etag and size, what is judged is what is loaded."""
    etag: str | None = Field(default=None, max_length=64)
    size_bytes: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str | None = Field(default=None, max_length=64)
    compression: str | None = Field(default=None, max_length=8)
    encoding: str | None = Field(default=None, max_length=16)
    delimiter: str | None = Field(default=None, max_length=1)

    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    uploaded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The pinned version's last-modified: the file's place in "newest wins"."""
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undo_requested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Somebody asked for an undo; done when undone_at is set."""
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undo_until: datetime | None = Field(default=None, sa_type=UtcDateTime)

    attempt: int = Field(default=0)
    """Counts every time a worker takes the file; names the attempt's staging table."""
    judged_attempt: int | None = Field(default=None)
    """The attempt whose statistics, issues and rejected rows the record shows."""
    rows_removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the rows that the record tells of were removed, their time being over."""
    published_attempt: int | None = Field(default=None)
    """The attempt whose rows readers see; None when they see none of this file."""
    rows_let_go: dict[str, int] | None = Field(default=None, sa_type=Json)
    """`attempt`, and how many of its rows are `left` in history; the others can never win again."""
    standing: dict[str, object] | None = Field(default=None, sa_type=Json)
    """What the record said before a reprocess began; it stands again when the reprocess fails."""
    faults: int = Field(default=0)
    """Faults of ours since the file was queued, deaths of workers among them; for the back-off."""
    outages: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Attempts since then that found another system away; they count for the back-off only."""
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """A retry waits until then."""
    lease_owner: str | None = Field(default=None, max_length=80)
    lease_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    duplicate_of: UUID | None = Field(default=None)
    rows_imported: int | None = Field(default=None, sa_type=BigInteger)
    rows_repaired: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"}
    )
    """Rows that visible repairs of this file have brought in; `repaired.py` counts them."""
    progress: dict[str, int] = Field(default_factory=dict, sa_type=Json)
    """`bytesDone`, `bytesTotal`, `rowsDone`."""
    statistics: dict[str, object] | None = Field(default=None, sa_type=Json)
    header: dict[str, list[str]] | None = Field(default=None, sa_type=Json)
    labels: list[str] | None = Field(default=None, sa_type=Json)
    """The header's labels as sent, in order: the keys of rejected rows' cells."""
    issues: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    failure: dict[str, object] | None = Field(default=None, sa_type=Json)
    version: int = Field(default=0)
    """Grows with every change of the row; the event stream's id."""

    @property
    def is_at(self) -> Stage:
        """Return the stage as its enum."""
        return Stage(self.stage)

    @property
    def ended_as(self) -> Outcome | None:
        """Return the outcome as its enum, None before the end."""
        return Outcome(self.outcome) if self.outcome else None


class FileEvent(SQLModel, table=True):
    """One change in a file's life; append-only."""

    __tablename__ = "file_events"
    __table_args__ = (Index("ix_file_events_file", "file_id", "event_id"),)

    event_id: UUID = Field(primary_key=True)
    file_id: UUID
    workspace_id: str = Field(max_length=36)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=120)
    """`key:…`, `user:…`, `worker:…`, `sweep` or `storage`."""
    cause: str = Field(max_length=64)
    """What happened, as noun.verb: `upload.requested`, `object.pinned`, `file.completed`."""
    stage_before: str | None = Field(default=None, max_length=20)
    stage_after: str | None = Field(default=None, max_length=20)
    detail: dict[str, object] = Field(default_factory=dict, sa_type=Json)


class Publication(SQLModel, table=True):
    """What a swap of a dataset's current table was to bring, written before the swap.

    The generation is the comment of the table that the swap puts in place, so after a crash the
    comment found tells whether this publication happened.
    """

    __tablename__ = "publications"

    publication_id: UUID = Field(primary_key=True)
    dataset_type: str = Field(max_length=64, index=True)
    generation: int = Field(sa_type=BigInteger)
    file_id: UUID = Field(index=True)
    workspace_id: str = Field(max_length=36)
    attempt: int
    state: str = Field(max_length=12)
    """`prepared` before the swap, `published` after it, `abandoned` when it never happened."""
    result: dict[str, object] = Field(default_factory=dict, sa_type=Json)
    """Statistics and outcome that the file's record gets once the swap is seen."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class DatasetLock(SQLModel, table=True):
    """Who may publish a dataset now. Lost by time, so that a dead holder blocks nobody for long."""

    __tablename__ = "dataset_locks"

    dataset_type: str = Field(primary_key=True, max_length=64)
    owner: str | None = Field(default=None, max_length=80)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
