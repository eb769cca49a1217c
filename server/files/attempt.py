"""One attempt's view of a file, and the conditions under which it may begin and may write.

Used by `leases.py`, which takes and renews leases; the ingest works on the `Claim`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from server.files.lifecycle import Stage
from server.files.mapped import MappingUsed, mapping_of
from server.files.models import File

_WORKED_ON = (Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)


class LeaseLost(Exception):
    """Another worker has the file now, or it was moved: stop, and leave no trace."""


class DatasetBusy(Exception):
    """Another file of the dataset is being published, for long: come back later."""


@dataclass(frozen=True)
class Claim:
    """One attempt's view of a file; what it says does not change while the attempt runs."""

    file_id: UUID
    workspace_id: str
    dataset_type: str
    file_type: str
    name: str
    created_by: str
    options: dict[str, object]
    object_key: str
    object_version: str
    etag: str
    size_bytes: int
    uploaded_at: datetime
    attempt: int
    declared_size_bytes: int | None
    declared_sha256: str | None
    is_in_parts: bool
    """It was asked for in parts, which may be more than one PUT."""
    repair_of: UUID | None
    mapping: MappingUsed | None
    lease_owner: str
    claimed_at: datetime
    faults: int
    """Faults of ours so far, this attempt not counted."""
    outages: int
    """Attempts so far that found another system away, this one not counted."""
    judged_attempt: int | None
    published_attempt: int | None
    """The attempt whose rows readers see now: of an earlier end, before a reprocess."""

    @property
    def run(self) -> str:
        """Return what no other run of a job has, in any process, not even at the same attempt."""
        return run_of(self.lease_owner)


def run_of(lease_owner: str) -> str:
    """Return the part of a lease's owner that no other run has."""
    return lease_owner.rpartition("/")[2]


def is_free(file: File, now: datetime) -> bool:
    """Return whether a worker may take the file now: it waits, or its lease ran out."""
    if file.is_at is Stage.QUEUED:
        return file.not_before is None or file.not_before <= now
    return file.is_at in _WORKED_ON and (
        file.lease_expires_at is None or file.lease_expires_at < now
    )


def awaits_undo(file: File, now: datetime) -> bool:
    """Return whether an undo was asked for that nobody is doing."""
    return (
        file.is_at is Stage.COMPLETED
        and file.undo_requested_at is not None
        and file.undone_at is None
        and (file.not_before is None or file.not_before <= now)
        and (file.lease_expires_at is None or file.lease_expires_at < now)
    )


def lease_unchanged(file: File) -> list[ColumnElement[bool]]:
    """Return the conditions that nobody took or renewed the lease since the row was read."""
    # `= NULL` is never true in SQL.
    if file.lease_owner is None or file.lease_expires_at is None:
        return [col(File.lease_owner).is_(None)]
    return [
        col(File.lease_owner) == file.lease_owner,
        col(File.lease_expires_at) == file.lease_expires_at,
    ]


def held_by(claim: Claim) -> list[ColumnElement[bool]]:
    """Return the conditions that the claim still holds."""
    return [
        col(File.attempt) == claim.attempt,
        col(File.lease_owner) == claim.lease_owner,
    ]


def claim_of(file: File, now: datetime) -> Claim:
    """Return the view of a row whose lease was just taken."""
    if (
        file.object_version is None
        or file.etag is None
        or file.size_bytes is None
        or file.uploaded_at is None
        or file.lease_owner is None
    ):
        message = f"file {file.file_id} is worked on without pinned bytes"
        raise ValueError(message)
    return Claim(
        file_id=file.file_id,
        workspace_id=file.workspace_id,
        dataset_type=file.dataset_type,
        file_type=file.file_type,
        name=file.name,
        created_by=file.created_by,
        options=dict(file.options),
        object_key=file.object_key,
        object_version=file.object_version,
        etag=file.etag,
        size_bytes=file.size_bytes,
        uploaded_at=file.uploaded_at,
        attempt=file.attempt,
        declared_size_bytes=file.declared_size_bytes,
        declared_sha256=file.declared_sha256,
        is_in_parts=file.multipart_id is not None,
        repair_of=file.repair_of,
        mapping=mapping_of(file),
        lease_owner=file.lease_owner,
        claimed_at=now,
        faults=file.faults,
        outages=file.outages,
        judged_attempt=file.judged_attempt,
        published_attempt=file.published_attempt,
    )
