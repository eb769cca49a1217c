"""Turns the changes of a file's life into lines: what happened, why, who, when."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from server.files.answers import HistoryEntry
from server.insights.cells import time_text
from server.portal.dates import moment_in_words
from server.portal.figures import plural
from server.portal.parts import HistoryLine
from server.portal.words import RESULTS, cause_in_words, failure_in_words, sender_in_words

# Why a file was put back although nothing went wrong.
_WAITS: Mapping[str, str] = MappingProxyType(
    {
        "worker-stopped": "the worker was stopped",
        "dataset-busy": "another file was being published",
        "same-file-under-way": "the same file was on its way already",
    }
)


def history_line(entry: HistoryEntry, now: datetime, zone: str) -> HistoryLine:
    """Return the change as a line.

    Args:
        entry: as callers of the API see it.
        now: the present, aware.
        zone: IANA zone of the reader.
    """
    why = _why(entry.detail)
    what = cause_in_words(entry.cause)
    return HistoryLine(
        at=moment_in_words(entry.at, now, zone, with_seconds=True),
        at_iso=time_text(entry.at),
        what=f"{what}: {why}" if why else what,
        who=sender_in_words(entry.actor),
    )


def _why(detail: Mapping[str, object]) -> str:
    if "duplicateOf" in detail:
        # Older lines do not know how many.
        replaced = int(str(detail.get("rowsReplacedSince", 0)))
        since = f"; newer files have replaced {plural(replaced, 'row')} of it since"
        return f"the same bytes as {detail['duplicateOf']}{since if replaced else ''}"
    if "inPlaceOf" in detail:
        return str(detail["inPlaceOf"])
    if "outcome" in detail:
        return RESULTS.get(str(detail["outcome"]), "").lower()
    code = str(detail.get("code", ""))
    return (_WAITS.get(code) or failure_in_words(code).lower()) if code else ""
