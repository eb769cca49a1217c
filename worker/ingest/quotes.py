"""Tells a quote that was never closed: ClickHouse raises nothing for it.

It swallows the rest of the file into one cell and gives a short record or, in the last column, a
valid one. A swallowed stretch longer than a record may be is caught while loading; a shorter one
lies within the file's tail, and is told here.
"""

from server.datasets.judging import read_settings
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
    if not layout.is_positional or not may_be_open(inspection.tail, layout.delimiter or ","):
        return
    cells = ", ".join(f"ifNull(c{place}, '')" for place in range(len(layout.labels)))
    found = await attempt.analytics.query(
        f"SELECT [{cells}] AS cells FROM {source.table} ORDER BY _row_number DESC LIMIT 1",
        settings=read_settings(layout),
        comment=attempt.comment,
    )
    if not found.rows:
        return
    last = found.one()["cells"]
    if isinstance(last, list) and any(
        _ends_inside(inspection.tail, str(cell), layout.delimiter or ",") for cell in last if cell
    ):
        detail = "A quote near the end of the file is never closed."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)


def may_be_open(tail: bytes, delimiter: str) -> bool:
    """Return whether the last lone quote of the tail stands where a quoted cell begins.

    Cheap, and right for nearly every file: a closing quote follows its cell's text.
    """
    lone = tail.replace(b'""', b"  ")
    place = lone.rfind(b'"')
    if place < 0:
        return False
    return place == 0 or lone[place - 1 : place] in (delimiter.encode(), b"\n", b"\r")


def _ends_inside(tail: bytes, cell: str, delimiter: str) -> bool:
    swallowed = b'"' + cell.replace('"', '""').encode()
    if not tail.endswith(swallowed):
        return False
    before = tail[: -len(swallowed)]
    return not before or before[-1:] in (delimiter.encode(), b"\n", b"\r")
