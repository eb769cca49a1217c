"""The first pass over a file: every row is read, and the rows without any fault are stored.

Nearly every row of nearly every file is clean, and what is asked of a clean row is cheap; working
out what ails a row, and emptying cells of rows that load all the same, is not. So the rows that
are not clearly clean only keep their cells here, and `judging.py` says in a second pass, over
those rows alone, what is the matter with them. (One pass for both took 1.3 times as long.)
"""

from server.datasets.cards import (
    CARD_NUMBER,
    card_number_in,
    card_number_in_any,
    misplaced,
    refused,
)
from server.datasets.cutting import cut_by_lines, cut_by_reader, is_footer
from server.datasets.declaration import Dataset
from server.datasets.judging import named, row_key, value_steps
from server.datasets.layout import Layout
from server.datasets.reading import read_cells
from server.datasets.rules import judge
from server.datasets.sql import both, quoted
from server.datasets.tables import GOOD, SYSTEM_COLUMNS, UNCLEAR
from server.datasets.together import looked_through


def clearing_statement(
    dataset: Dataset,
    layout: Layout,
    *,
    source: str,
    target: str,
    max_record_bytes: int | None = None,
) -> str:
    """Return the INSERT … SELECT of a file's rows, `_verdict` GOOD or UNCLEAR.

    Args:
        dataset: what the rows are judged by.
        layout: how the file is cut into cells.
        source: the table expression to read: with the layout's structure, or of its lines.
        target: the staging table, with its database.
        max_record_bytes: a longer record stops the statement (ClickHouse error 395).

    The statement has the parameters of `judging.py`.
    """
    judgements = [judge(dataset, column) for column in dataset.columns]
    if layout.is_by_lines:
        cut = cut_by_lines(layout, source, max_record_bytes=max_record_bytes)
    else:
        cut = cut_by_reader(
            layout, layout.renamed(source), max_record_bytes=max_record_bytes, is_watched=True
        )
    read = read_cells(dataset, layout, judgements, cut)
    together = looked_through(dataset, layout, judgements)
    # Stopped before the block that holds one is written: no card number ever lies in a table.
    asked = refused(dataset, layout, cut, but=together.searched)
    stops = [f"throwIf({condition}, '{CARD_NUMBER}') = 0" for _, condition in asked]
    footers = [f"NOT {condition}" for condition in is_footer(dataset, layout)]
    cells = [f"({together.asked(j)})" for j in judgements if j.rules]
    clean = [cut.is_whole, *footers, *stops, *together.clean, *cells]
    verdict = [("clean", both(*clean))]
    judged = read
    for layer in ([*value_steps(dataset, judgements), *together.steps], verdict):
        judged = f"(SELECT *,\n    {named(layer)}\n  FROM {judged})"
    # Asked of the few rows with a fault alone, so it costs the others nothing.
    elsewhere = [text for _, text in misplaced(dataset, layout, judgements)]
    stop = f" + throwIf({card_number_in_any(elsewhere)}, '{CARD_NUMBER}')" if elsewhere else ""
    values = [_value(dataset, j.column, is_nullable=j.empty == "NULL") for j in judgements]
    system = {
        "_workspace": "{workspace:String}",
        "_file": "toUUID({file:String})",
        "_attempt": "{attempt:UInt32}",
        "_row": "row",
        "_uploaded_at": "{uploaded_at:DateTime64(6, 'UTC')}",
        "_key": row_key(dataset),
        "_verdict": f"if(clean, {GOOD}, {UNCLEAR}{stop})",
        "_cells": cut.kept,
    }
    names = [j.column for j in judgements] + [n for n, _ in SYSTEM_COLUMNS if n in system]
    stored = ",\n  ".join([*values, *system.values()])
    return f"INSERT INTO {target} ({', '.join(names)})\nSELECT\n  {stored}\nFROM {judged}"


def _value(dataset: Dataset, name: str, *, is_nullable: bool) -> str:
    value = f"v_{name}" if is_nullable else f"assumeNotNull(v_{name})"
    if name == dataset.event_time:
        # A partition of their own, to be dropped when they are judged.
        return f"if(clean, {value}, toDateTime64('1970-02-01 00:00:00', 6, 'UTC'))"
    return value


def card_numbers_statement(dataset: Dataset, layout: Layout, *, source: str) -> str:
    """Return the SELECT of (label, rows, first row) of the columns that hold card numbers.

    Args:
        dataset: what the file is of.
        layout: how it is cut into cells.
        source: the table expression to read, with the layout's structure.
    """
    judgements = [judge(dataset, column) for column in dataset.columns]
    cut = cut_by_reader(layout, layout.renamed(source))
    cells = read_cells(dataset, layout, judgements, cut)
    judged = f"(SELECT *,\n    {named(value_steps(dataset, judgements))}\n  FROM {cells})"
    elsewhere = misplaced(dataset, layout, judgements)
    asked = [
        *refused(dataset, layout, cut),
        *((label, card_number_in(text)) for label, text in elsewhere),
    ]
    found = [
        f"({quoted(label)}, countIf({condition}), minIf(row, {condition}))"
        for label, condition in asked
    ]
    # Of a file whose columns leave no room for one, there is nothing to ask.
    found.append("('', toUInt64(0), toUInt64(0))")
    return (
        "SELECT found.1 AS label, found.2 AS rows, found.3 AS first"
        f" FROM (SELECT arrayJoin([{', '.join(found)}]) AS found FROM {judged}) WHERE rows > 0"
    )
