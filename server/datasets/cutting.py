"""How a statement gets at a record's cells: by ClickHouse's CSV reader, or by lines.

The reader knows quotes, and pays for that with every cell. In a file without a quote a record is
a line, and a cell is what stands between two delimiters: splitting lines gives the same cells, in
two thirds of the time. So a file whose first and last bytes hold no quote is read by lines, and
begun again with the reader when a quote turns up in between (`worker/ingest/load.py`).
"""

from dataclasses import dataclass

from server.datasets.declaration import Dataset
from server.datasets.layout import (
    BY_READER_ONLY,
    MORE_CELLS,
    OVERFLOW_COLUMNS,
    RECORD_TOO_LONG,
    Layout,
)
from server.datasets.sql import both, quoted


@dataclass(frozen=True)
class Cut:
    """The records of a file, and what can be asked of each."""

    source: str
    """The table expression, with `_row_number`, 0-based."""
    carried: tuple[str, ...]
    """Its other columns."""
    stops: tuple[str, ...]
    """Conditions, all true; working them out stops the statement where it may not go on."""
    is_whole: str
    """True for a record with as many cells as the header, that is not the header again."""
    kept: str
    """The array of the record's cells, without absent ones; `[]` where `clean`."""
    surplus: str
    """The text of the cells beyond the header's last; `''` without any."""


def cut_by_reader(
    layout: Layout, cells: str, *, max_record_bytes: int | None = None, is_watched: bool = False
) -> Cut:
    """Return the cells that ClickHouse's reader finds.

    Args:
        layout: how the file is cut.
        cells: the table expression to read, with the layout's cells.
        max_record_bytes: a longer record stops the statement (RECORD_TOO_LONG).
        is_watched: a cell in the last place beyond the header stops it too (MORE_CELLS), unless
            that is the last step.
    """
    stops = []
    if max_record_bytes is not None:
        lengths = " + ".join(f"length({layout.cell(place)})" for place in range(len(layout.labels)))
        stops.append(_stop(f"{lengths} > {max_record_bytes}", RECORD_TOO_LONG))
    if is_watched and layout.is_positional and layout.overflow < OVERFLOW_COLUMNS:
        stops.append(_stop(f"isNotNull({layout.cells[-1]})", MORE_CELLS))
    is_whole, places, surplus = "1", str(len(layout.labels)), "''"
    if layout.is_positional:
        last, first = f"c{len(layout.labels) - 1}", quoted(layout.labels[0])
        is_whole = both(f"isNotNull({last})", "isNull(o0)", f"ifNull(c0, {first}) != {first}")
        more = f"isNotNull(o0) * {layout.overflow}"
        places = f"isNotNull(c0) * ({places} - isNull({last}) + {more})"
        texts = ", ' ', ".join(f"ifNull(o{place}, '')" for place in range(layout.overflow))
        surplus = f"if(isNull(o0), '', concat({texts}, ''))"
    arms = ", ".join(f"p = {place}, {cell}" for place, cell in enumerate(layout.cells))
    return Cut(
        source=cells,
        carried=tuple(layout.cells),
        stops=tuple(stops),
        is_whole=is_whole,
        # A lambda over places instead of array(...): rows without places cost next to nothing.
        kept=f"arrayMap(p -> ifNull(multiIf({arms}, ''), ''), range((1 - clean) * {places}))",
        surplus=surplus,
    )


def cut_by_lines(layout: Layout, lines: str, *, max_record_bytes: int | None = None) -> Cut:
    """Return the cells between delimiters; a quote stops the statement (BY_READER_ONLY).

    Args:
        layout: how the file is cut.
        lines: the table expression to read, with one column, `line`.
        max_record_bytes: a longer record stops the statement (RECORD_TOO_LONG).
    """
    count = len(layout.labels)
    cells = [f"c{place}" for place in range(count)]
    bare = "line"
    if layout.ends_lines_with_cr:
        bare = "if(endsWith(line, '\\r'), substring(line, 1, length(line) - 1), line)"
    # A carriage return within a line is the reader's to refuse.
    stops = [_stop("position(record, '\"') > 0 OR position(record, '\\r') > 0", BY_READER_ONLY)]
    if max_record_bytes is not None:
        stops.append(_stop(f"length(record) > {max_record_bytes}", RECORD_TOO_LONG))
    split = (
        f"(SELECT _row_number, {bare} AS record,"
        f" splitByChar({quoted(layout.delimiter or ',')}, record) AS found FROM {lines})"
    )
    found = [f"found[{place}]" for place in range(1, count + 1)]
    found[0], first = _led(layout, found[0]), _led(layout, "cell")
    named = ", ".join(f"{text} AS {cell}" for text, cell in zip(found, cells, strict=True))
    beyond = f"arraySlice(found, {count + 1}, {OVERFLOW_COLUMNS})"
    # A blank line has no cells; the split gives it one.
    length = f"(1 - clean) * (notEmpty(c0) OR length(found) > 1) * {count + OVERFLOW_COLUMNS}"
    return Cut(
        source=f"(SELECT _row_number, record, found, {named} FROM {split})",
        carried=("record", "found", *cells),
        stops=tuple(stops),
        is_whole=both(f"length(found) = {count}", f"c0 != {quoted(layout.labels[0])}"),
        kept=(
            f"arrayMap((cell, place) -> if(place = 1, {first}, cell),"
            f" arraySlice(found, 1, {length}) AS slice, arrayEnumerate(slice))"
        ),
        surplus=f"if(length(found) <= {count}, '', arrayStringConcat({beyond}, ' '))",
    )


def is_footer(dataset: Dataset, layout: Layout) -> list[str]:
    """Return the condition of a record that the dataset declares to be no row, where it does."""
    if not dataset.footers or not layout.is_positional:
        return []
    forms = "|".join(f"(?:{form})" for form in dataset.footers)
    return [f"match(ifNull(c0, ''), {quoted(f'^(?:{forms})$')})"]


def _led(layout: Layout, cell: str) -> str:
    # The reader drops what stands before a record; a key must not depend on the way it is cut.
    return cell if layout.delimiter == "\t" else f"trimLeft({cell}, ' \\t')"


def _stop(condition: str, says: str) -> str:
    return f"throwIf({condition}, '{says}') = 0"
