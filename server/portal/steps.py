"""The four stations of a file's way, with their times."""

from server.files.answers import FileAnswer
from server.files.lifecycle import Stage
from server.portal.counts import counted, rows_in_words
from server.portal.dates import clock_time
from server.portal.figures import count, seconds
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


def steps_of(file: FileAnswer, zone: str) -> tuple[Step, ...]:
    """Return the stations, each done, now, todo or failed."""
    reached = _reached(file)
    details = _details(file, zone)
    steps = []
    for index, stage in enumerate(_ORDER):
        if index < reached:
            state = "done"
        elif index > reached:
            state = "todo"
        else:
            state = "failed" if file.stage is Stage.FAILED else "now"
        told = details[stage] if state in ("done", "failed") else ""
        steps.append(Step(_TITLES[stage], told or _WORDS[state], state))
    return tuple(steps)


_WORDS = Words({"done": "done", "now": "now", "todo": "not yet", "failed": "stopped here"})


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
    if file.header is None or file.header.missing:
        return 1
    return 2


def _details(file: FileAnswer, zone: str) -> dict[Stage, str]:
    durations = file.statistics.durations if file.statistics else None
    header = file.header
    names = ""
    if header is not None:
        whole = len(header.matched) + len(header.missing)
        names = counted(
            "%(found)s of %(number)s column found",
            "%(found)s of %(number)s columns found",
            whole,
            found=count(len(header.matched)),
        )
    rows = rows_in_words(file.statistics.rows_total) if file.statistics else ""
    published = clock_time(file.completed_at, zone, with_seconds=True) if file.completed_at else ""
    uploaded = clock_time(file.uploaded_at, zone, with_seconds=True) if file.uploaded_at else ""
    return {
        Stage.AWAITING_UPLOAD: uploaded,
        Stage.INSPECTING: _joined(names, seconds(durations.inspect_seconds if durations else None)),
        Stage.LOADING: _joined(rows, seconds(durations.load_seconds if durations else None)),
        Stage.PUBLISHING: _joined(
            published, seconds(durations.publish_seconds if durations else None)
        ),
    }


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
