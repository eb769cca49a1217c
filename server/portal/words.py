"""The portal's English for what the appliance knows as codes: states, ends, failures, causes."""

from collections.abc import Mapping

from server.files.answers import FileAnswer, Statistics
from server.files.failures import FAILURES, FailureCode
from server.files.lifecycle import Outcome, Stage
from server.portal.counts import Forms, counted, listed
from server.portal.figures import count
from server.portal.parts import Chip, Progress, Tone
from server.portal.texts import Words
from server.portal.texts import gettext as _

STAGES = Words(
    {
        Stage.AWAITING_UPLOAD: "Waiting for the file",
        Stage.QUEUED: "Waiting its turn",
        Stage.INSPECTING: "Looking at the header",
        Stage.LOADING: "Checking rows",
        Stage.PUBLISHING: "Putting rows on the dashboards",
        Stage.COMPLETED: "Done",
        Stage.FAILED: "Not imported",
    }
)

RESULTS = Words(
    {
        "": "Any result",
        "imported": "Imported",
        "imported_with_rejections": "Imported, rows set aside",
        "duplicate": "Already imported",
        "dry_run": "Checked only",
        "undone": "Undone",
        "failed": "Not imported",
        "never_uploaded": "Never arrived",
        "cancelled": "Cancelled",
    }
)

# Columns a chip names at most.
_NAMED = 3

# Short enough for a chip; the long sentence stands on the file's page.
_FAILED_SHORT: Words[str] = Words(
    {
        FailureCode.UPLOAD_EXPIRED: "Never arrived",
        FailureCode.CANCELLED: "Cancelled",
        FailureCode.TOO_LARGE: "Larger than this appliance takes",
        FailureCode.SIZE_MISMATCH: "Not the announced size",
        FailureCode.CHECKSUM_MISMATCH: "Not the announced checksum",
        FailureCode.EMPTY_FILE: "Empty",
        FailureCode.NOT_TEXT: "Not a table of text",
        FailureCode.ENCODING_ERROR: "Not UTF-8",
        FailureCode.COMPRESSION_ERROR: "Compression is damaged",
        FailureCode.DECOMPRESSION_LIMIT: "Unpacks to too much",
        FailureCode.HEADER_MISSING: "No header found",
        FailureCode.HEADER_MISMATCH: "Header does not match",
        FailureCode.HEADER_DUPLICATE: "A column twice",
        FailureCode.STRUCTURE_ERROR: "Not readable as rows",
        FailureCode.ROW_TOO_LONG: "A row is too long",
        FailureCode.TOO_MANY_REJECTED: "Too many rows set aside",
        FailureCode.ABORTED_ON_ERROR: "A row was set aside, nothing loaded",
        FailureCode.CONTROL_TOTAL_MISMATCH: "Totals do not agree",
        FailureCode.PAN_DETECTED: "Holds card numbers",
        FailureCode.SENSITIVE_COLUMN: "Holds a forbidden column",
        FailureCode.OBJECT_CHANGED: "Changed while it was read",
        FailureCode.OBJECT_MISSING: "Gone from the storage",
        FailureCode.STORAGE_UNAVAILABLE: "Storage did not answer",
        FailureCode.ANALYTICS_UNAVAILABLE: "Analytics did not answer",
        FailureCode.INTERNAL: "Our fault, can be retried",
    }
)

_CAUSES = Words(
    {
        "upload.requested": "Asked for an upload URL",
        "upload.cancelled": "Cancelled the upload",
        "upload.expired": "Gave up waiting for the file",
        "object.pinned": "The file arrived",
        "object.later-removed": "Later files at the same URL were removed",
        "object.missing": "The stored file is gone",
        "original.expired": "The original was kept for as long as it is kept here",
        "file.claimed": "A worker began",
        "file.reclaimed": "Another worker took over",
        "file.put-back": "Put back, to be tried again",
        "file.inspected": "Header checked",
        "file.loaded": "Rows checked",
        "file.completed": "Completed",
        "file.failed": "Failed",
        "file.undone": "Undone",
        "undo.requested": "Asked to undo the import",
        "undo.claimed": "A worker began to undo the import",
        "undo.reclaimed": "Another worker took the undo over",
        "undo.put-back": "Undo put back, to be tried again",
        "rebuild.requested": "Checked again, since the analytics were built anew",
        "reprocess.requested": "Asked to check the file again",
        "rows.removed": "The rows set aside were kept for their time and removed",
        "reprocess.failed": "Checking again failed; the earlier result stands",
        "duplicate.promoted": "Stands in for the file that was undone",
    }
)


_SENDERS = Words(
    {
        "worker": "a worker",
        "sweep": "the sweep",
        "storage": "the storage",
        "retention": "the retention",
        "cli": "the operator",
    }
)
"""Parts of the appliance that do something to a file."""


def cause_in_words(cause: str) -> str:
    """Return a line of history; an unknown cause is told as it is written."""
    return _CAUSES.get(cause) or cause.replace(".", " ").replace("-", " ").capitalize()


def failure_in_words(code: str) -> str:
    """Return a failure in a few words."""
    return _FAILED_SHORT.get(code) or _("Not imported")


def sender_in_words(principal: str) -> str:
    """Return who: `API key “nightly”`, `nadia@example.com`, `a worker`."""
    kind, name = principal.partition(":")[::2]
    match kind:
        case "key":
            return _("API key “%(name)s”") % {"name": name}
        case "user":
            return name
        case _:
            return _SENDERS.get(kind, principal)


def chip_of(file: FileAnswer) -> Chip:
    """Return the file's state as a chip."""
    match file.outcome:
        case None:
            return Chip(Tone.INFO, STAGES[file.stage])
        case Outcome.IMPORTED if file.statistics and not file.statistics.rows_total:
            return Chip(Tone.QUIET, _("Imported, no rows"))
        case Outcome.IMPORTED:
            return Chip(Tone.OK, RESULTS[file.outcome])
        case Outcome.IMPORTED_WITH_REJECTIONS:
            aside = file.statistics.rows_rejected if file.statistics else 0
            words = counted(
                "Imported, %(number)s row set aside", "Imported, %(number)s rows set aside", aside
            )
            return Chip(Tone.WARN, words)
        case Outcome.FAILED:
            return Chip(Tone.BAD, _failure_short(file))
        case _:
            return Chip(Tone.QUIET, RESULTS[file.outcome])


def _failure_short(file: FileAnswer) -> str:
    failure = file.failure or {}
    short = failure_in_words(str(failure.get("code", "")))
    missing = failure.get("missing")
    if not isinstance(missing, list) or not missing:
        return short
    names = [str(name) for name in missing]
    told, more = listed(names[:_NAMED]), len(names) - _NAMED
    if more <= 0:
        return _("%(failure)s: %(columns)s") % {"failure": short, "columns": told}
    return counted(
        "%(failure)s: %(columns)s and %(number)s more",
        "%(failure)s: %(columns)s and %(number)s more",
        more,
        failure=short,
        columns=told,
    )


def title_of(failure: Mapping[str, object]) -> str:
    """Return what happened, without a final stop: the title that was recorded with the code."""
    recorded = str(failure.get("title") or "").rstrip(".")
    return _(recorded) if recorded else _("Not imported")


def advice_of(failure: Mapping[str, object]) -> str:
    """Return what to do about a failure."""
    code = str(failure.get("code", ""))
    return _(FAILURES[FailureCode(code)].advice) if code in list(FailureCode) else ""


def progress_of(file: FileAnswer) -> Progress | None:
    """Return how far the file is, None at the end and before the bytes are there."""
    if file.status.is_final or file.stage is Stage.AWAITING_UPLOAD:
        return None
    done, whole, rows = (
        file.progress.bytes_done,
        file.progress.bytes_total or file.file.size_bytes,
        file.progress.rows_done,
    )
    stage = STAGES[file.stage]
    if file.stage is Stage.PUBLISHING:
        return Progress(0, None, _loading(stage, rows, 0, None))
    if file.stage is not Stage.LOADING:
        return Progress(0, None, stage)
    return Progress(min(done, whole or done), whole or None, _loading(stage, rows, done, whole))


def _loading(stage: str, rows: int, done: int, whole: int | None) -> str:
    """Return the stage with the rows so far, and about how many there are, by the bytes."""
    if not rows:
        return stage
    if not whole or not 0 < done < whole:
        return _("%(stage)s · %(rows)s") % {"stage": stage, "rows": count(rows)}
    return _("%(stage)s · %(rows)s of about %(whole)s") % {
        "stage": stage,
        "rows": count(rows),
        "whole": count(_rounded(rows * whole // done)),
    }


def _rounded(number: int) -> int:
    """Return the number to two figures: more would pretend to know."""
    return round(number, 2 - len(str(number)))


def fate_of_rows(statistics: Statistics, outcome: Outcome | None) -> str:
    """Return what the imported rows are made of: `48,092 new · 12 replaced`."""
    if outcome is Outcome.DUPLICATE:
        # Every row counts as a duplicate then: of an earlier file's, not of one in the file.
        return counted(
            "%(number)s imported before", "%(number)s imported before", statistics.rows_duplicate
        )
    parts = (
        (statistics.rows_inserted, Forms("%(number)s new", "%(number)s new")),
        (statistics.rows_replaced, Forms("%(number)s replaced", "%(number)s replaced")),
        (statistics.rows_outdated, Forms("%(number)s outdated", "%(number)s outdated")),
        (
            statistics.rows_duplicate,
            Forms("%(number)s twice in the file", "%(number)s twice in the file"),
        ),
        (statistics.rows_withheld, Forms("%(number)s held back", "%(number)s held back")),
    )
    told = [counted(*forms, number) for number, forms in parts if number]
    return " · ".join(told) or _("no rows")
