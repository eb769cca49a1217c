"""The statement that says what is the matter with a row: its verdict, issues and cells.

Put together from each column's judgement (`rules.py`, `moments.py`): cells as text → values →
faults → a row with its verdict. Runs inside ClickHouse (`worker/ingest/rows.py`) over the rows
that `clearing.py` did not clear; the bytes never pass through Python.
"""

from collections.abc import Sequence

from server.datasets.cutting import cut_by_reader, is_footer
from server.datasets.declaration import Dataset
from server.datasets.formulas import as_meant
from server.datasets.issues import IssueCode
from server.datasets.judgement import Judgement
from server.datasets.layout import Layout
from server.datasets.moments import zone_steps
from server.datasets.numbering import Numbered
from server.datasets.reading import read_cells
from server.datasets.rules import judge
from server.datasets.sql import quoted
from server.datasets.storing import WORDS
from server.datasets.tables import GOOD, REJECTED, SKIPPED, columns


def judging_statement(
    dataset: Dataset,
    layout: Layout,
    *,
    source: str,
    target: str,
    rows: str | None = None,
    aside: IssueCode | None = None,
) -> str:
    """Return the INSERT … SELECT of rows with their verdict, issues and cells.

    Args:
        dataset: what the rows are judged by.
        layout: how the file is cut into cells.
        source: the table expression to read, with the layout's cells and `_row_number`.
        target: the staging table, with its database.
        rows: a subquery of row numbers: only those rows are read.
        aside: an issue that all of them are set aside with.

    The statement has the parameters of judged_rows.
    """
    names = ", ".join(name for name, _ in columns(dataset))
    judged = judged_rows(dataset, layout, source=source, rows=rows, aside=aside)
    return f"INSERT INTO {target} ({names})\n{judged}"


def judged_rows(
    dataset: Dataset,
    layout: Layout,
    *,
    source: str,
    rows: str | None = None,
    aside: IssueCode | None = None,
    keeps_all_cells: bool = False,
) -> str:
    """Return the SELECT of rows, judged, in the order of the tables' columns.

    Args:
        dataset: what the rows are judged by.
        layout: how the file is cut into cells.
        source: the table expression to read, with the layout's cells and `_row_number`.
        rows: a subquery of row numbers: only those rows are read.
        aside: an issue that all of them are set aside with.
        keeps_all_cells: of rows without an issue too.

    The statement has the parameters `workspace`, `file`, `attempt`, `uploaded_at`, `zone` (of
    local times without one) and `zones` (the dictionary's name).
    """
    judgements = [judge(dataset, column) for column in dataset.columns]
    numbered = Numbered(judgements, aside)
    faults = [*numbered.faults(), ("r", _row_fault(layout, numbered, aside))]
    # Arithmetic, not AND, OR and IF: those would put off every column's fault and work it out
    # under masks, which doubled the cost of judging.
    rejected = f"(1 - skipped) * ({numbered.rejects('worst')}) * {REJECTED}"
    verdict = [
        ("skipped", _skipped(dataset, layout)),
        ("worst", numbered.worst()),
        ("verdict", f"toUInt8(skipped * {SKIPPED} + {rejected})"),
        ("has_issue", "toUInt8(bitAnd(1 - skipped, worst != 0))"),
    ]
    judged = read_cells(dataset, layout, judgements, cut_by_reader(layout, source), rows=rows)
    for layer in (value_steps(dataset, judgements), faults):
        judged = f"(SELECT *,\n    {named(layer)}\n  FROM {judged})"
    kept = _kept_cells(layout, "1" if keeps_all_cells else "has_issue")
    stored = ",\n  ".join([*_stored_row(dataset, judgements, numbered), kept])
    # Not a layer of its own: ClickHouse takes longer over each function the more queries are below
    # it, and a fifth of the time that a small file's few faulty rows take was that one's.
    return f"WITH\n    {named(verdict)}\nSELECT\n  {stored}\nFROM {judged}"


def value_steps(dataset: Dataset, judgements: Sequence[Judgement]) -> list[tuple[str, str]]:
    """Return (alias, expression) of what turns the texts into values, each seeing those before."""
    return [*zone_steps(dataset), *(step for j in judgements for step in j.steps)]


def named(steps: Sequence[tuple[str, str]]) -> str:
    """Return expressions under their aliases."""
    return ",\n    ".join(f"{expression} AS {alias}" for alias, expression in steps)


def _stored_row(dataset: Dataset, judgements: Sequence[Judgement], numbered: Numbered) -> list[str]:
    return [
        *(_stored(dataset, judgement, numbered) for judgement in judgements),
        "{workspace:String}",
        "toUUID({file:String})",
        "{attempt:UInt32}",
        "row",
        "{uploaded_at:DateTime64(6, 'UTC')}",
        row_key(dataset),
        "verdict",
        numbered.issues(),
    ]


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


def _skipped(dataset: Dataset, layout: Layout) -> str:
    if not layout.is_positional:
        return "0"
    # A blank line reads as a record of absent cells; concatenated exports repeat their header.
    first, *others = layout.labels
    repeated = " AND ".join(
        f"c{place} = {quoted(label)}" for place, label in enumerate(others, start=1)
    )
    # Nested, so that the other labels are compared only where the first one stands.
    again = f"if(ifNull(c0, '') = {quoted(first)}, ifNull({repeated or 1}, 0), 0)"
    footer = is_footer(dataset, layout)
    return " + ".join(f"({kind})" for kind in ("isNull(c0)", again, *footer)) + " > 0"


def _kept_cells(layout: Layout, condition: str) -> str:
    # A lambda over places instead of array(...): captured columns are repeated per element, so
    # rows without an issue, which have none, cost next to nothing.
    cells = layout.cells
    arms = ", ".join(f"p = {place}, {cell}" for place, cell in enumerate(cells))
    if not layout.is_positional:
        return f"arrayMap(p -> multiIf({arms}, ''), if({condition}, range({len(cells)}), []))"
    surplus = f"if(isNull(o0), 0, {layout.overflow})"
    cell = f"ifNull(multiIf({arms}, ''), '')"
    if layout.is_report:
        # As the rows were sent that it repairs: what it marks, a report of its own marks again.
        cell = as_meant(cell)
    return f"arrayMap(p -> {cell}, if({condition}, range({len(layout.labels)} + {surplus}), []))"


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


def row_key(dataset: Dataset) -> str:
    """Return the hash of a row's key, from its values."""
    parts = [_key_part(dataset, name) for name in dataset.key]
    fallback = dataset.key_fallback
    if fallback is not None:
        nothing = " AND ".join(f"empty(v_{name})" for name in fallback.when_empty)
        parts += [f"if({nothing}, ifNull(toString(v_{name}), ''), '')" for name in fallback.columns]
    # Each but the last behind its length, so that no two keys give one text. Two keys of one hash
    # would replace each other: 128 bits make that a matter of 10^-18 for a thousand million rows.
    # Murmur, because SipHash takes seven times as long; who could forge a collision could as well
    # send the key itself, for keys meet within one workspace only.
    texts = [f"concat(toString(length({part})), ':', {part})" for part in parts[:-1]]
    text = f"concat({', '.join([*texts, parts[-1]])})" if texts else parts[-1]
    return f"reinterpretAsUInt128(murmurHash3_128({text}))"


def _key_part(dataset: Dataset, name: str) -> str:
    if dataset.column(name).type in WORDS:
        return f"v_{name}"
    text = f"toString(v_{name})"
    return text if name == dataset.event_time else f"ifNull({text}, '')"
