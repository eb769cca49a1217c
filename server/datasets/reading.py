"""How a file's cells become the texts that are judged: the innermost part of every statement.

Cut by `layout.py`; judged by `clearing.py` and `judging.py`.
"""

from collections.abc import Sequence

from server.datasets.declaration import Dataset
from server.datasets.judgement import Judgement
from server.datasets.layout import MORE_CELLS, OVERFLOW_COLUMNS, RECORD_TOO_LONG, Layout
from server.datasets.rules import storage_type
from server.datasets.tables import UNCLEAR


def read_cells(
    dataset: Dataset,
    layout: Layout,
    judgements: Sequence[Judgement],
    *,
    source: str,
    max_record_bytes: int | None = None,
    is_watched: bool = False,
    rows: str | None = None,
) -> str:
    """Return the subquery of `row` (1-based), the cells by place, and `s_<column>`, their texts.

    Args:
        dataset: whose columns the texts are for.
        layout: how the file is cut into cells.
        judgements: of which columns.
        source: the table expression to read, with the layout's cells and `_row_number`.
        max_record_bytes: a longer record stops the statement (ClickHouse error 395).
        is_watched: a cell in the last place beyond the header stops the statement too (MORE_CELLS),
            unless that is the last step.
        rows: a subquery of row numbers: only those rows are read.
    """
    place = f"- {layout.header_place}" if layout.is_positional else "+ 1"
    texts = [f"{_text(dataset, layout, j.column)} AS s_{j.column}" for j in judgements]
    read = ",\n      ".join([f"toUInt64(_row_number {place}) AS row", *layout.cells, *texts])
    where = _where(layout, max_record_bytes, rows, is_watched=is_watched)
    return f"(SELECT {read}\n  FROM {source}\n  {where})"


def unclear_rows(layout: Layout, staged: str) -> str:
    """Return the rows that the first pass could not clear, as a source to read them from again."""
    places = len(layout.labels)
    if layout.is_positional:
        back = f"+ {layout.header_place}"
        cells = [_kept(place, may_be_absent=place in (0, places - 1)) for place in range(places)]
        cells += [_kept(places + n, may_be_absent=True) for n in range(layout.overflow)]
    else:
        back, cells = "- 1", [_kept(place, may_be_absent=False) for place in range(places)]
    named = ", ".join(f"{c} AS {name}" for c, name in zip(cells, layout.cells, strict=True))
    return f"(SELECT _row {back} AS _row_number, {named} FROM {staged} WHERE _verdict = {UNCLEAR})"


def _kept(place: int, *, may_be_absent: bool) -> str:
    cell = f"_cells[{place + 1}]"
    return f"if(length(_cells) > {place}, {cell}, NULL)" if may_be_absent else cell


def _where(
    layout: Layout, max_record_bytes: int | None, rows: str | None, *, is_watched: bool
) -> str:
    conditions = []
    if layout.is_positional:
        conditions.append(f"_row_number > {layout.header_place}")
    if rows is not None:
        conditions.append(f"row IN ({rows})")
    if max_record_bytes is not None:
        lengths = " + ".join(f"length({layout.cell(place)})" for place in range(len(layout.labels)))
        conditions.append(f"throwIf({lengths} > {max_record_bytes}, '{RECORD_TOO_LONG}') = 0")
    if is_watched and layout.is_positional and layout.overflow < OVERFLOW_COLUMNS:
        conditions.append(f"throwIf(isNotNull({layout.cells[-1]}), '{MORE_CELLS}') = 0")
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _text(dataset: Dataset, layout: Layout, column: str) -> str:
    is_present = column in layout.columns
    text = layout.cell(layout.columns.index(column)) if is_present else "''"
    if is_present and layout.is_report:
        # What the report put before cells that a spreadsheet would run.
        text = f"replaceRegexpOne({text}, '^\\'([=+@\\t\\r-])', '\\\\1')"
    # Words that repeat go by dictionary, so that judging them costs once per different word.
    # (Reading them so, in the file's structure, takes three times as long as converting.)
    is_word = storage_type(dataset.column(column)).startswith("LowCardinality")
    return f"toLowCardinality({text})" if is_word else text
