"""What a file's record said before a reprocess, kept aside so that it can stand again.

Written by `service.py` when a reprocess is asked for, read by `claims.py` when it fails.
"""

from datetime import datetime
from uuid import UUID

from server.files.models import File

_AS_IS = (
    "outcome",
    "statistics",
    "issues",
    "header",
    "labels",
    "compression",
    "encoding",
    "delimiter",
    "rows_imported",
    "judged_attempt",
)
_TIMES = ("started_at", "completed_at", "undone_at", "undo_requested_at")


def keep_standing(file: File) -> dict[str, object]:
    """Return what the record says, as JSON."""
    kept: dict[str, object] = {name: getattr(file, name) for name in _AS_IS}
    for name in _TIMES:
        time: datetime | None = getattr(file, name)
        kept[name] = time.isoformat() if time is not None else None
    kept["duplicate_of"] = str(file.duplicate_of) if file.duplicate_of is not None else None
    return kept


def read_standing(kept: dict[str, object]) -> dict[str, object]:
    """Return the columns that make the record say it again."""
    columns: dict[str, object] = {name: kept.get(name) for name in _AS_IS}
    for name in _TIMES:
        text = kept.get(name)
        columns[name] = datetime.fromisoformat(text) if isinstance(text, str) else None
    doubled = kept.get("duplicate_of")
    columns["duplicate_of"] = UUID(doubled) if isinstance(doubled, str) else None
    columns["failure"] = None
    columns["standing"] = None
    return columns
