"""What an attempt has to tell at its end, and the columns that tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome


@dataclass(frozen=True)
class Ending:
    """How an attempt ended well."""

    outcome: Outcome
    statistics: dict[str, object] | None
    """As in the contract; `rowsImported` is copied to the row's own column."""
    issues: list[dict[str, object]] = field(default_factory=list)
    changes: Mapping[str, object] = field(default_factory=dict)
    """More columns of `File`: `header`, `labels`, `duplicate_of`, `sha256`, …"""


class JudgedAndFailed(FileFailed):
    """A failure that comes after judging: what was judged is told all the same."""

    def __init__(self, code: FailureCode, detail: str, ending: Ending, **extras: object) -> None:
        super().__init__(code, detail, **extras)
        self.ending = ending


def idle() -> dict[str, object]:
    """Return the columns of a row that nobody works on."""
    return {"lease_owner": None, "lease_expires_at": None, "not_before": None}


# What an attempt that failed before judging was done leaves of an earlier one: nothing.
UNJUDGED: Mapping[str, object] = {
    "statistics": None,
    "issues": [],
    "rows_imported": None,
    "judged_attempt": None,
    "rows_removed_at": None,
}


def judged(ending: Ending, attempt: int) -> dict[str, object]:
    """Return the columns that tell what an attempt judged."""
    return {
        "statistics": ending.statistics,
        "issues": ending.issues,
        "rows_imported": (ending.statistics or {}).get("rowsImported", 0),
        "judged_attempt": attempt,
        "rows_removed_at": None,
        **ending.changes,
    }
