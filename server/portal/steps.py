"""The four stations of a file's way, with their times."""

from server.files.answers import FileAnswer
from server.files.failures import FailureCode
from server.files.lifecycle import Stage
from server.portal.counts import rows_in_words
from server.portal.dates import clock_time
from server.portal.figures import seconds
from server.portal.parts import Step
from server.portal.texts import Words

_ORDER = (Stage.AWAITING_UPLOAD, Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)
_TITLES = Words(
    {
        Stage.AWAITING_UPLOAD: "Uploaded",
        Stage.INSPECTING: "Inspected",
        Stage.LOADING: "Checked and loaded",
        Stage.PUBLISHING: "Published",
    }
)


# Of the header: none of these files comes to its rows.
_AT_THE_HEADER = frozenset(
    {FailureCode.HEADER_MISSING, FailureCode.HEADER_MISMATCH, FailureCode.HEADER_DUPLICATE}
)
_WORDS = Words(
    {
        "done": "done",
        "now": "now",
        "todo": "not yet",
        "failed": "stopped here",
        "never": "not reached",
    }
)


def steps_of(file: FileAnswer, zone: str, columns: str) -> tuple[Step, ...]:
    """Return the stations, each done, now, todo or failed.

    Args:
        file: as callers see it.
        zone: IANA zone of the reader.
        columns: how many of the dataset's columns the header has, in words; empty when unknown.
    """
    reached = _reached(file)
    details = _details(file, zone, columns)
    is_failed = file.stage is Stage.FAILED
    steps = []
    for index, stage in enumerate(_ORDER):
        if index < reached:
            step = Step(_TITLES[stage], details[stage] or _WORDS["done"], "done")
        elif index > reached:
            step = Step(_TITLES[stage], _WORDS["never" if is_failed else "todo"], "todo")
        elif is_failed:
            told = _joined(_WORDS["failed"], details[stage])
            step = Step(_TITLES[stage], told, "failed")
        else:
            step = Step(_TITLES[stage], _WORDS["now"], "now")
        steps.append(step)
    return tuple(steps)


def _reached(file: FileAnswer) -> int:
    """Return the index of the station the file is at; beyond the last when it is through."""
    match file.stage:
        case Stage.AWAITING_UPLOAD:
            return 0
        case Stage.QUEUED | Stage.INSPECTING:
            return 1
        case Stage.LOADING:
            return 2
        case Stage.PUBLISHING:
            return 3
        case Stage.COMPLETED:
            return 4
        case Stage.FAILED:
            return _failed_at(file)


def _failed_at(file: FileAnswer) -> int:
    if file.uploaded_at is None:
        return 0
    # A header that did not fit, or bytes that are no table, never reach the rows.
    code = (file.failure or {}).get("code")
    if file.header is None or code in _AT_THE_HEADER:
        return 1
    return 2


def _details(file: FileAnswer, zone: str, columns: str) -> dict[Stage, str]:
    durations = file.statistics.durations if file.statistics else None
    rows = rows_in_words(file.statistics.rows_total) if file.statistics else ""
    published = clock_time(file.completed_at, zone, with_seconds=True) if file.completed_at else ""
    uploaded = clock_time(file.uploaded_at, zone, with_seconds=True) if file.uploaded_at else ""
    return {
        Stage.AWAITING_UPLOAD: uploaded,
        Stage.INSPECTING: _joined(
            columns, seconds(durations.inspect_seconds if durations else None)
        ),
        Stage.LOADING: _joined(rows, seconds(durations.load_seconds if durations else None)),
        Stage.PUBLISHING: _joined(
            published, seconds(durations.publish_seconds if durations else None)
        ),
    }


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
