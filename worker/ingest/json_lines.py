"""Finds what only all lines of a file of JSON lines can tell: their keys, and which are blank.

Comes after `inspect.py`, which sees the first lines only, and before `load.py`. Each line names its
own columns, and may bring new ones: a key that is not known before the rows are read would be
passed over, with whatever stands in it. Blank lines have to be listed before, too, or the rows
behind them would have other numbers than their lines. One cheap pass inside ClickHouse; a file
that was seen whole needs none, unless a line of it is blank.
"""

from dataclasses import dataclass, replace

from server.datasets.blank_lines import IS_BLANK, LIST_COLUMNS, LIST_ORDER, list_statement
from server.datasets.layout import Layout, read_settings
from server.datasets.tables import SKIPPED
from server.errors import QueryRejected
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, lay_out_records
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.source import Source, source_of
from worker.ingest.unpacking import beside

# More is no table; and every key is a column of the statement.
_MOST_KEYS = 1000


async def with_all_lines(attempt: Attempt, inspection: Inspection) -> Inspection:
    """Return the inspection, told of keys and blank lines that the first lines did not have.

    Raises:
        FileFailed: structure-error, and what the header of another file fails for.
        AnalyticsUnavailable, StorageUnavailable: an outside system's fault.
    """
    is_known = inspection.is_whole and not inspection.has_blank_lines
    if inspection.layout.format != "JSONEachRow" or is_known:
        return inspection
    return await beside(
        attempt.context, attempt.claim, inspection.compression, _look(attempt, inspection)
    )


async def _look(attempt: Attempt, inspection: Inspection) -> Inspection:
    source = await source_of(attempt, inspection)
    settings = read_settings(inspection.layout, await attempt.analytics.cores())
    if not inspection.is_whole:
        try:
            lines = await _lines(attempt, source, settings)
        except QueryRejected:
            return inspection  # the load meets the same fault, and tells it
        inspection = _with_keys(attempt, inspection, lines)
        if not lines.blank:
            return inspection
    blanks = await attempt.create_list("blanks", LIST_COLUMNS, LIST_ORDER)
    await attempt.run(list_statement(source.lines, blanks), settings=settings)
    return replace(inspection, layout=replace(inspection.layout, blanks=blanks))


async def check_records(attempt: Attempt, inspection: Inspection, source: Source) -> None:
    """Refuse a file whose records were not one a line: its rows would have no numbers to go by.

    Raises:
        FileFailed: structure-error, with the first line that is not one object.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    if inspection.records is None:
        return
    if await attempt.count(f"{attempt.staged} WHERE _verdict != {SKIPPED}") == inspection.records:
        return
    is_other = f"NOT {IS_BLANK} AND isValidUTF8(line) AND JSONType(line) != 'Object'"
    found = await attempt.analytics.query(
        f"SELECT minIf(_row_number + 1, {is_other}) AS number FROM {source.lines}",
        settings=read_settings(inspection.layout, await attempt.analytics.cores()),
        comment=attempt.comment,
    )
    number = int(str(found.one()["number"] or 0)) or None
    where = f"Line {number}" if number else "A line"
    detail = f"{where} is not one JSON object; every line has to be one."
    raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=number)


async def blank_lines_before(attempt: Attempt, layout: Layout, record: int) -> int:
    """Return how many blank lines stand before a record (1-based, without counting those)."""
    if layout.blanks is None:
        return 0
    found = await attempt.query(
        f"SELECT max(blanks) AS blanks FROM {layout.blanks} WHERE records < {record}"
    )
    return int(str(found.one()["blanks"] or 0))


@dataclass(frozen=True)
class _Lines:
    keys: frozenset[str]
    blank: int
    records: int


async def _lines(attempt: Attempt, source: Source, settings: dict[str, object]) -> _Lines:
    found = await attempt.analytics.query(
        f"SELECT groupUniqArrayArray({_MOST_KEYS + 1})(JSONExtractKeys(line)) AS keys,"
        f" countIf({IS_BLANK}) AS blank, count() - blank AS records FROM {source.lines}",
        settings=settings,
        comment=attempt.comment,
    )
    told = found.one()
    keys = told["keys"]
    return _Lines(
        frozenset(map(str, keys)) if isinstance(keys, list) else frozenset(),
        int(str(told["blank"])),
        int(str(told["records"])),
    )


def _with_keys(attempt: Attempt, inspection: Inspection, lines: _Lines) -> Inspection:
    inspection = replace(inspection, records=lines.records)
    more = sorted(lines.keys - set(inspection.alignment.labels))
    if not more:
        return inspection
    labels = [*inspection.alignment.labels, *more]
    if len(labels) > _MOST_KEYS:
        detail = f"The records have more than {_MOST_KEYS} different keys."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    layout = inspection.layout
    told, alignment = lay_out_records(attempt.dataset, layout.format, labels, layout.mapping)
    check_header(attempt.dataset, alignment)
    return replace(inspection, layout=told, alignment=alignment)
