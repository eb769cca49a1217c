"""Every state a file can be in, and the moves between them.

This is the first file to read. A *stage* is where the file is; its public *status* follows from the
stage; its *outcome* says which end it came to. Moves happen only through
`server/files/repository.py`, as a compare-and-set on the stage, so two processes cannot both make
the same move.
"""

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """What callers are told; exactly these four."""

    PENDING = "Pending"
    PROCESSING = "Processing"
    COMPLETED = "Completed"
    FAILED = "Failed"

    @property
    def is_final(self) -> bool:
        """True when the file moves no further by itself."""
        return self in (Status.COMPLETED, Status.FAILED)


class Stage(StrEnum):
    """Where the file is."""

    AWAITING_UPLOAD = "awaiting_upload"
    QUEUED = "queued"
    INSPECTING = "inspecting"
    LOADING = "loading"
    PUBLISHING = "publishing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def status(self) -> Status:
        """Return the public status of a file in this stage."""
        return _STATUS[self]


class Outcome(StrEnum):
    """Which end a file came to."""

    IMPORTED = "imported"
    IMPORTED_WITH_REJECTIONS = "imported_with_rejections"
    DUPLICATE = "duplicate"
    DRY_RUN = "dry_run"
    UNDONE = "undone"
    FAILED = "failed"
    NEVER_UPLOADED = "never_uploaded"
    CANCELLED = "cancelled"


_STATUS = MappingProxyType(
    {
        Stage.AWAITING_UPLOAD: Status.PENDING,
        Stage.QUEUED: Status.PROCESSING,
        Stage.INSPECTING: Status.PROCESSING,
        Stage.LOADING: Status.PROCESSING,
        Stage.PUBLISHING: Status.PROCESSING,
        Stage.COMPLETED: Status.COMPLETED,
        Stage.FAILED: Status.FAILED,
    }
)

MOVES = MappingProxyType(
    {
        # The bytes arrived (queued), or the file was given up: expired or cancelled (failed).
        Stage.AWAITING_UPLOAD: frozenset({Stage.QUEUED, Stage.FAILED}),
        # A worker took it; or our own fault outlived every retry before one could.
        Stage.QUEUED: frozenset({Stage.INSPECTING, Stage.FAILED}),
        # Back to queued: the worker died or an outside system was down; the next one begins anew.
        # Straight to completed: the same bytes are already imported.
        Stage.INSPECTING: frozenset({Stage.LOADING, Stage.COMPLETED, Stage.FAILED, Stage.QUEUED}),
        # Straight to completed: a dry run, or a header without rows.
        Stage.LOADING: frozenset({Stage.PUBLISHING, Stage.COMPLETED, Stage.FAILED, Stage.QUEUED}),
        Stage.PUBLISHING: frozenset({Stage.COMPLETED, Stage.FAILED, Stage.QUEUED}),
        # Reprocess judges the pinned bytes again.
        Stage.COMPLETED: frozenset({Stage.QUEUED}),
        # An operator retries, or an object is found after the file was given up.
        Stage.FAILED: frozenset({Stage.QUEUED}),
    }
)


def may_move(current: Stage, following: Stage) -> bool:
    """Return whether the move is one of those above."""
    return following in MOVES[current]
