"""How much a workspace may have sent and have waiting: the limits that answer with a 429.

Comes after `policy.py`, which judges the request itself; `uploads.py` asks right before it writes.
How many files are worked on at once is no refusal but a turn (`turns.py`).
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from server.clock import Clock
from server.errors import RateLimited
from server.files.listing import count_pending, sum_bytes_since
from server.settings import Settings
from server.telemetry.metrics import UPLOADS_REFUSED
from server.unit_of_work import UnitOfWork

# How long a count is believed: the limits are guards, not accounts. A day's files may be many.
_FILES_LIFE: Final = timedelta(seconds=1)
_BYTES_LIFE: Final = timedelta(seconds=30)
# The contract's: within it the sweep sees a file that has arrived, whoever else fails to tell. When
# the bytes of those that wait do arrive nobody can know.
_ARRIVAL_SECONDS: Final = 15


@dataclass
class _Count:
    value: int
    at: datetime


class Quotas:
    """The limits per workspace, counted now and then for each.

    Between two counts this process adds what it admits itself; other processes' files are seen at
    the next count, so a limit can be passed by what they admit meanwhile.

    A size that is not announced counts from its arrival: reserving the largest size for each would
    refuse the plain uploads the contract asks for. So the files that wait may pass the bytes of a
    day, by `max_pending_files` times `max_upload_bytes` at most; whoever needs a harder limit sets
    one of the two lower, or a quota on the bucket.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._max_files = settings.max_pending_files
        self._max_bytes = settings.max_bytes_per_day
        self._clock = clock
        self._files: dict[str, _Count] = {}
        self._bytes: dict[str, _Count] = {}

    async def admit(self, unit: UnitOfWork, workspace_id: str, size_bytes: int | None) -> None:
        """Count one more file.

        Args:
            unit: the transaction.
            workspace_id: whose file.
            size_bytes: as announced; an unannounced size counts from its arrival.

        Raises:
            RateLimited: the workspace has as many pending files, or has sent as much, as it may.
        """
        now = self._clock()
        files = self._files.get(workspace_id)
        if files is None or now - files.at >= _FILES_LIFE:
            files = _Count(await count_pending(unit, workspace_id), now)
            self._files[workspace_id] = files
        if files.value >= self._max_files:
            raise _too_many(files.value, self._max_files)
        midnight = datetime.combine(now.date(), time.min, now.tzinfo)
        sent = self._bytes.get(workspace_id)
        if sent is None or now - sent.at >= _BYTES_LIFE or sent.at < midnight:
            sent = _Count(await sum_bytes_since(unit, workspace_id, midnight), now)
            self._bytes[workspace_id] = sent
        if sent.value >= self._max_bytes or sent.value + (size_bytes or 0) > self._max_bytes:
            raise _too_much(self._max_bytes, midnight + timedelta(days=1) - now)
        files.value += 1
        sent.value += size_bytes or 0


def _too_many(files: int, limit: int) -> RateLimited:
    detail = (
        f"{files} files wait for their bytes; the limit is {limit}. There is room again once one of"
        " them has arrived, was cancelled or is given up."
    )
    return _refusal("pendingFiles", limit, detail, wait_seconds=_ARRIVAL_SECONDS)


def _too_much(limit: int, wait: timedelta) -> RateLimited:
    detail = f"The workspace may send {limit} bytes a day, counted from midnight UTC."
    return _refusal("bytesPerDay", limit, detail, wait_seconds=int(wait.total_seconds()) + 1)


def _refusal(limit: str, value: int, detail: str, *, wait_seconds: int) -> RateLimited:
    UPLOADS_REFUSED.labels(limit=limit).inc()
    extras = {"limit": limit, "limitValue": value}
    return RateLimited(detail, extras=extras, headers={"Retry-After": str(wait_seconds)})
