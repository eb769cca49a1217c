"""Tells a quote that was never closed: ClickHouse raises nothing for it.

It swallows the rest of the file into one cell and gives a short record or, in the last column, a
valid one. A swallowed stretch longer than a record may be is caught while loading; a shorter one
lies within the file's tail, and is told here.
"""

from server.datasets.layout import read_settings
from server.files.failures import FailureCode, FileFailed
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.source import Source


async def check_last_quote(attempt: Attempt, inspection: Inspection, source: Source) -> None:
    """Refuse a file that ends inside a quoted cell.

    Raises:
        FileFailed: structure-error.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    layout = inspection.layout
    # Of a compressed or transcoded file the tail is not the text that was read.
    knows_tail = inspection.compression is None and not inspection.is_derived
    delimiter = layout.delimiter or ","
    if not layout.is_positional or layout.is_by_lines:
        return
    if knows_tail:
        if not may_be_open(inspection.tail, delimiter):
            return
    elif await _count_quotes(attempt, inspection, source) % 2 == 0:
        return
    for cell in await _last_record(attempt, inspection, source):
        # An odd quote may stand inside a cell (5" pipe); one that swallowed holds a line's end too.
        is_open = _ends_inside(inspection.tail, cell, delimiter) if knows_tail else "\n" in cell
        if cell and is_open:
            detail = "A quote near the end of the file is never closed."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)


def may_be_open(tail: bytes, delimiter: str) -> bool:
    """Return whether the last odd run of quotes in the tail stands where a quoted cell begins.

    Cheap, and right for nearly every file: a closing quote follows its cell's text. A run, because
    what follows an opening quote may be a doubled one.
    """
    end = len(tail)
    while (last := tail.rfind(b'"', 0, end)) >= 0:
        end = last
        while end and tail[end - 1 : end] == b'"':
            end -= 1
        if (last - end) % 2 == 0:
            return end == 0 or tail[end - 1 : end] in (delimiter.encode(), b"\n", b"\r")
    return False


async def _count_quotes(attempt: Attempt, inspection: Inspection, source: Source) -> int:
    found = await attempt.analytics.query(
        f"SELECT sum(countSubstrings(line, '\"')) AS n FROM {source.lines}",
        settings=read_settings(inspection.layout, await attempt.analytics.cores()),
        comment=attempt.comment,
    )
    return int(str(found.one()["n"]))


async def _last_record(attempt: Attempt, inspection: Inspection, source: Source) -> list[str]:
    layout = inspection.layout
    cells = ", ".join(f"ifNull(c{place}, '')" for place in range(len(layout.labels)))
    found = await attempt.analytics.query(
        f"SELECT [{cells}] AS cells FROM {source.cells(layout)} ORDER BY _row_number DESC LIMIT 1",
        settings=read_settings(layout, await attempt.analytics.cores()),
        comment=attempt.comment,
    )
    cells_found = found.one()["cells"] if found.rows else []
    return [str(cell) for cell in cells_found] if isinstance(cells_found, list) else []


def _ends_inside(tail: bytes, cell: str, delimiter: str) -> bool:
    swallowed = b'"' + cell.replace('"', '""').encode()
    if not tail.endswith(swallowed):
        return False
    before = tail[: -len(swallowed)]
    return not before or before[-1:] in (delimiter.encode(), b"\n", b"\r")
