"""Turns the changes of a file's life into lines: what happened, why, who, when."""

from collections.abc import Mapping
from datetime import datetime

from server.files.answers import HistoryEntry
from server.files.failures import FailureCode
from server.insights.cells import time_text
from server.portal.counts import counted
from server.portal.dates import moment_in_words
from server.portal.parts import HistoryLine
from server.portal.texts import Words
from server.portal.texts import gettext as _
from server.portal.words import cause_in_words, sender_in_words

# Why a file was put back although nothing went wrong.
_WAITS = Words(
    {
        "worker-stopped": "the worker was stopped",
        "dataset-busy": "another file was being published",
        "same-file-under-way": "the same file was on its way already",
    }
)

# How a file ended and why it failed, as `words.py` says it by itself: here within a line.
_ENDS = Words(
    {
        "imported": "imported",
        "imported_with_rejections": "imported, rows set aside",
        "duplicate": "already imported",
        "dry_run": "checked only",
        "undone": "undone",
        "failed": "not imported",
        "never_uploaded": "never arrived",
        "cancelled": "cancelled",
    }
)
_FAULTS: Words[str] = Words(
    {
        FailureCode.UPLOAD_EXPIRED: "never arrived",
        FailureCode.CANCELLED: "cancelled",
        FailureCode.TOO_LARGE: "larger than this appliance takes",
        FailureCode.SIZE_MISMATCH: "not the announced size",
        FailureCode.CHECKSUM_MISMATCH: "not the announced checksum",
        FailureCode.EMPTY_FILE: "empty",
        FailureCode.NOT_TEXT: "not a table of text",
        FailureCode.ENCODING_ERROR: "not UTF-8",
        FailureCode.COMPRESSION_ERROR: "compression is damaged",
        FailureCode.DECOMPRESSION_LIMIT: "unpacks to too much",
        FailureCode.HEADER_MISSING: "no header found",
        FailureCode.HEADER_MISMATCH: "header does not match",
        FailureCode.HEADER_DUPLICATE: "a column twice",
        FailureCode.STRUCTURE_ERROR: "not readable as rows",
        FailureCode.ROW_TOO_LONG: "a row is too long",
        FailureCode.TOO_MANY_REJECTED: "too many rows set aside",
        FailureCode.ABORTED_ON_ERROR: "a row was set aside, nothing loaded",
        FailureCode.CONTROL_TOTAL_MISMATCH: "totals do not agree",
        FailureCode.PAN_DETECTED: "holds card numbers",
        FailureCode.SENSITIVE_COLUMN: "holds a forbidden column",
        FailureCode.OBJECT_CHANGED: "changed while it was read",
        FailureCode.OBJECT_MISSING: "gone from the storage",
        FailureCode.STORAGE_UNAVAILABLE: "storage did not answer",
        FailureCode.ANALYTICS_UNAVAILABLE: "analytics did not answer",
        FailureCode.INTERNAL: "our fault, can be retried",
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
        what=_("%(what)s: %(why)s") % {"what": what, "why": why} if why else what,
        who=sender_in_words(entry.actor),
    )


def _why(detail: Mapping[str, object]) -> str:
    if "duplicateOf" in detail:
        return _same_bytes(str(detail["duplicateOf"]), int(str(detail.get("rowsReplacedSince", 0))))
    if "inPlaceOf" in detail:
        return str(detail["inPlaceOf"])
    if "outcome" in detail:
        return _ENDS.get(str(detail["outcome"]), "")
    code = str(detail.get("code", ""))
    return (_WAITS.get(code) or _FAULTS.get(code) or _("not imported")) if code else ""


def _same_bytes(earlier: str, replaced: int) -> str:
    # Older lines do not know how many.
    if not replaced:
        return _("the same bytes as %(file)s") % {"file": earlier}
    return counted(
        "the same bytes as %(file)s; newer files have replaced %(number)s row of it since",
        "the same bytes as %(file)s; newer files have replaced %(number)s rows of it since",
        replaced,
        file=earlier,
    )
