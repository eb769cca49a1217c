"""How a file's cells become the texts that are judged: the innermost part of every statement.

Cut by `cutting.py`; judged by `clearing.py` and `judging.py`.
"""

from collections.abc import Sequence

from server.datasets.cutting import Cut
from server.datasets.declaration import Dataset
from server.datasets.formulas import as_meant
from server.datasets.judgement import Judgement
from server.datasets.layout import Layout
from server.datasets.storing import storage_type
from server.datasets.tables import UNCLEAR


def read_cells(
    dataset: Dataset,
    layout: Layout,
    judgements: Sequence[Judgement],
    cut: Cut,
    *,
    rows: str | None = None,
) -> str:
    """Return the subquery of `row` (1-based), what the cut carries, and `s_<column>`, the texts.

    Args:
        dataset: whose columns the texts are for.
        layout: how the file is cut into cells.
        judgements: of which columns.
        cut: where the cells come from.
        rows: a subquery of row numbers: only those rows are read.
    """
    place = f"- {layout.header_place}" if layout.is_positional else "+ 1"
    texts = [f"{_text(dataset, layout, j.column)} AS s_{j.column}" for j in judgements]
    read = ",\n      ".join([f"toUInt64(_row_number {place}) AS row", *cut.carried, *texts])
    conditions = [f"_row_number > {layout.header_place}"] if layout.is_positional else []
    if rows is not None:
        conditions.append(f"row IN ({rows})")
    where = " AND ".join([*conditions, *cut.stops]) or "1"
    return f"(SELECT {read}\n  FROM {cut.source}\n  WHERE {where})"


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


def _text(dataset: Dataset, layout: Layout, column: str) -> str:
    is_present = column in layout.columns
    text = layout.cell(layout.columns.index(column)) if is_present else "''"
    if is_present and layout.is_report:
        text = as_meant(text)
    # Words that repeat go by dictionary, so that judging them costs once per different word.
    # (Reading them so, in the file's structure, takes three times as long as converting.)
    if storage_type(dataset.column(column)).startswith("LowCardinality"):
        text = f"toLowCardinality({text})"
    return layout.mapping.text_of(dataset, column, text) if layout.mapping else text
