"""Where objects live in the bucket: the scheme of keys, and the way back from a key to a file.

Comes before storage (`s3/` takes these keys as they are) and after the file's row, which gives
the ids. No name a user gave is ever part of a key: keys reach logs, listings and URLs.
"""

from datetime import UTC, datetime
from uuid import UUID

INCOMING = "incoming"
"""First segment of the key of a file as it was sent."""
DERIVED = "derived"
"""First segment of the key of what an attempt made of a file (transcoded, unpacked)."""
PROBES = "doctor"
"""First segment of the key of what the doctor stores for a moment, to see whether it can."""
_ANNOUNCED = f"{PROBES}/event"
_LONGEST_PROBE = 64


def object_key(workspace_id: str, file_id: str, created_at: datetime) -> str:
    """Return the key of a file as sent: `incoming/<workspace>/<yyyy>/<mm>/<dd>/<file>`.

    Args:
        workspace_id: id of the workspace, one segment.
        file_id: id of the file, a UUID.
        created_at: when the file's row was made, aware; the day is that of UTC.
    """
    day = created_at.astimezone(UTC)
    return f"{INCOMING}/{_segment(workspace_id)}/{day:%Y/%m/%d}/{_segment(file_id)}"


def derived_key(workspace_id: str, file_id: str, attempt: int) -> str:
    """Return the key of what one attempt made of a file: `derived/<workspace>/<file>/<attempt>`."""
    return f"{derived_prefix(workspace_id, file_id)}{attempt}"


def derived_prefix(workspace_id: str, file_id: str) -> str:
    """Return what the keys of all attempts at a file begin with."""
    return f"{DERIVED}/{_segment(workspace_id)}/{_segment(file_id)}/"


def probe_key(name: str, *, is_announced: bool = False) -> str:
    """Return the key of an object of the doctor's: `doctor/<name>`.

    Args:
        name: one segment.
        is_announced: whether the server notes the store's event about it; see
            `is_announced_probe`.
    """
    return f"{_ANNOUNCED if is_announced else PROBES}/{_segment(name)}"


def is_announced_probe(key: str) -> bool:
    """Return whether the key is of an object of the doctor's whose event it waits for."""
    return key.startswith(f"{_ANNOUNCED}/") and len(key) <= _LONGEST_PROBE


def file_id_of(key: str) -> str | None:
    """Return the id of the file a key belongs to, or None for a key that is not of this scheme."""
    match key.split("/"):
        case ["incoming", _, year, month, day, candidate] if (
            len(year) == 4 and len(month) == len(day) == 2  # noqa: PLR2004 - yyyy/mm/dd
        ) and (year + month + day).isdigit():
            return _uuid_text(candidate)
        case ["derived", _, candidate, attempt] if attempt.isdigit():
            return _uuid_text(candidate)
        case _:
            return None


def attempt_of(key: str) -> int | None:
    """Return the attempt that a derived key is of, or None for any other key."""
    match key.split("/"):
        case ["derived", _, _, attempt] if attempt.isdigit():
            return int(attempt)
        case _:
            return None


def _segment(text: str) -> str:
    if not text or "/" in text:
        message = f"not one segment of a key: {text!r}"
        raise ValueError(message)
    return text


def _uuid_text(candidate: str) -> str | None:
    # A key found in a listing or an event is not ours until it has the form of one of our ids.
    try:
        return candidate if str(UUID(candidate)) == candidate else None
    except ValueError:
        return None
