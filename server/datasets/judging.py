"""The one statement that reads a file, judges every row and fills the staging table.

Put together from each column's judgement (`rules.py`, `moments.py`): cells as text → values →
faults → a row with its verdict. Runs inside ClickHouse (`worker/ingest/load.py`); the bytes never
pass through Python.
"""

from collections.abc import Sequence

from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode
from server.datasets.judgement import Judgement
from server.datasets.layout import MORE_CELLS, OVERFLOW_COLUMNS, RECORD_TOO_LONG, Layout
from server.datasets.moments import zone_steps
from server.datasets.numbering import Numbered
from server.datasets.rules import judge, storage_type
from server.datasets.sql import quoted
from server.datasets.tables import GOOD, REJECTED, SKIPPED, columns


def load_statement(
    dataset: Dataset,
    layout: Layout,
    *,
    source: str,
    target: str,
    max_record_bytes: int | None = None,
    aside: tuple[IssueCode, str] | None = None,
) -> str:
    """Return the INSERT … SELECT of a file.

    Args:
        dataset: what the rows are judged by.
        layout: how the file is cut into cells.
        source: the table expression to read, with the layout's structure.
        target: the staging table, with its database.
        max_record_bytes: a longer record stops the statement (ClickHouse error 395).
        aside: an issue and a subquery of row numbers: only those rows are read, and all of them
            are set aside with that issue.

    The statement has the parameters `workspace`, `file`, `attempt`, `uploaded_at`, `zone` (of
    local times without one) and `zones` (the dictionary's name).
    """
    judgements = [judge(dataset, column) for column in dataset.columns]
    numbered = Numbered(judgements, aside[0] if aside else None)
    names = ", ".join(name for name, _ in columns(dataset))
    values = [*zone_steps(dataset), *(step for j in judgements for step in j.steps)]
    faults = [*numbered.faults(), ("r", _row_fault(layout, numbered, aside[0] if aside else None))]
    # Arithmetic, not AND, OR and IF: those would put off every column's fault and work it out
    # under masks, which doubled the cost of judging.
    rejected = f"(1 - skipped) * ({numbered.rejected()}) * {REJECTED}"
    verdict = [
        ("skipped", _skipped(layout)),
        ("verdict", f"toUInt8(skipped * {SKIPPED} + {rejected})"),
        ("has_issue", f"toUInt8(bitAnd(1 - skipped, {numbered.any()}))"),
    ]
    judged = (
        f"(SELECT {_read(dataset, layout, judgements)}\n  FROM {layout.renamed(source)}"
        f"\n  {_where(layout, max_record_bytes, aside)})"
    )
    for layer in (values, faults, verdict):
        judged = f"(SELECT *,\n    {_named(layer)}\n  FROM {judged})"
    stored = ",\n  ".join(_stored_row(dataset, layout, judgements, numbered))
    return f"INSERT INTO {target} ({names})\nSELECT\n  {stored}\nFROM {judged}"


def _named(steps: Sequence[tuple[str, str]]) -> str:
    return ",\n    ".join(f"{expression} AS {alias}" for alias, expression in steps)


def _read(dataset: Dataset, layout: Layout, judgements: Sequence[Judgement]) -> str:
    place = f"- {layout.header_place}" if layout.is_positional else "+ 1"
    texts = [f"{_text(dataset, layout, j.column)} AS s_{j.column}" for j in judgements]
    return ",\n      ".join([f"toUInt64(_row_number {place}) AS row", *layout.cells, *texts])


def _where(
    layout: Layout, max_record_bytes: int | None, aside: tuple[IssueCode, str] | None
) -> str:
    conditions = []
    if layout.is_positional:
        conditions.append(f"_row_number > {layout.header_place}")
    if aside is not None:
        conditions.append(f"row IN ({aside[1]})")
    if max_record_bytes is not None:
        lengths = " + ".join(f"length({layout.cell(place)})" for place in range(len(layout.labels)))
        conditions.append(f"throwIf({lengths} > {max_record_bytes}, '{RECORD_TOO_LONG}') = 0")
    if layout.is_positional and layout.overflow < OVERFLOW_COLUMNS:
        conditions.append(f"throwIf(isNotNull(o0), '{MORE_CELLS}') = 0")
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _stored_row(
    dataset: Dataset, layout: Layout, judgements: Sequence[Judgement], numbered: Numbered
) -> list[str]:
    return [
        *(_stored(dataset, judgement, numbered) for judgement in judgements),
        "{workspace:String}",
        "toUUID({file:String})",
        "{attempt:UInt32}",
        "row",
        "{uploaded_at:DateTime64(6, 'UTC')}",
        _key(dataset),
        "verdict",
        numbered.issues(),
        _kept_cells(layout),
    ]


def _text(dataset: Dataset, layout: Layout, column: str) -> str:
    is_present = column in layout.columns
    text = layout.cell(layout.columns.index(column)) if is_present else "''"
    # Words that repeat go by dictionary, so that judging them costs once per different word.
    # (Reading them so, in the file's structure, takes three times as long as converting.)
    is_word = storage_type(dataset.column(column)).startswith("LowCardinality")
    return f"toLowCardinality({text})" if is_word else text


def _row_fault(layout: Layout, numbered: Numbered, aside: IssueCode | None) -> str:
    if aside is not None:
        return f"toUInt16({numbered.row_rule(aside)})"
    if not layout.is_positional:
        return "toUInt16(0)"
    last = f"c{len(layout.labels) - 1}"
    surplus = ", ".join(f"ifNull(o{place}, '')" for place in range(layout.overflow))
    return (
        f"toUInt16(multiIf(isNull({last}), {numbered.row_rule(IssueCode.MISSING_CELL)},"
        f" isNotNull(o0) AND notEmpty(concat({surplus})),"
        f" {numbered.row_rule(IssueCode.EXTRA_CELL)}, 0))"
    )


def _skipped(layout: Layout) -> str:
    if not layout.is_positional:
        return "0"
    # A blank line reads as a record of absent cells; concatenated exports repeat their header.
    first, *others = layout.labels
    repeated = " AND ".join(
        f"c{place} = {quoted(label)}" for place, label in enumerate(others, start=1)
    )
    # Nested, so that the other labels are compared only where the first one stands.
    return f"bitOr(isNull(c0), if(ifNull(c0, '') = {quoted(first)}, ifNull({repeated or 1}, 0), 0))"


def _kept_cells(layout: Layout) -> str:
    # A lambda over places instead of array(...): captured columns are repeated per element, so
    # rows without an issue, which have none, cost next to nothing.
    cells = layout.cells
    arms = ", ".join(f"p = {place}, {cell}" for place, cell in enumerate(cells))
    if not layout.is_positional:
        return f"arrayMap(p -> multiIf({arms}, ''), if(has_issue, range({len(cells)}), []))"
    surplus = f"if(isNull(o0), 0, {layout.overflow})"
    return (
        f"arrayMap(p -> ifNull(multiIf({arms}, ''), ''),"
        f" if(has_issue, range({len(layout.labels)} + {surplus}), []))"
    )


def _stored(dataset: Dataset, judgement: Judgement, numbered: Numbered) -> str:
    name = judgement.column
    value = f"v_{name}"
    plain = value if judgement.empty == "NULL" else f"assumeNotNull({value})"
    # A rejected row's values are never read: only a warned cell has to be emptied.
    emptied = numbered.emptied(judgement)
    value = f"if({emptied}, {judgement.empty}, {plain})" if emptied else plain
    if name == dataset.event_time:
        value = f"if(verdict = {GOOD}, {value}, toDateTime64(0, 6, 'UTC'))"
    return value


def _key(dataset: Dataset) -> str:
    parts = [f"toString(v_{name})" if _is_moment(dataset, name) else f"v_{name}"
             for name in dataset.key]  # fmt: skip
    fallback = dataset.key_fallback
    if fallback is not None:
        nothing = " AND ".join(f"empty(v_{name})" for name in fallback.when_empty)
        parts.append(f"if({nothing}, ifNull(toString(v_{fallback.column}), ''), '')")
    # Two keys of one hash would replace each other: 128 bits make that a matter of 10^-18 for a
    # thousand million rows.
    return f"reinterpretAsUInt128(sipHash128({', '.join(parts)}))"


def _is_moment(dataset: Dataset, name: str) -> bool:
    return name == dataset.event_time
