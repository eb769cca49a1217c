"""The one statement that reads a file, judges every row and fills the staging table.

Put together from each column's judgement (`rules.py`, `moments.py`): cells as text → values →
faults → a row with its verdict. Runs inside ClickHouse (`worker/ingest/load.py`); the bytes never
pass through Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule
from server.datasets.moments import zone_steps
from server.datasets.rules import judge, storage_type
from server.datasets.sql import array, backticked, quoted
from server.datasets.tables import GOOD, REJECTED, SKIPPED, columns

# Cells past the header's last column are read this far, to be told as `extra-cell`; ClickHouse
# keeps only what is declared. Sixteen cost a tenth of the whole load, so a file is read with one
# first; a record that has one, behind which more may stand, stops that (MORE_CELLS).
OVERFLOW_COLUMNS = 16
MORE_CELLS = "more cells may follow"
RECORD_TOO_LONG = "record too long"

# What an absent cell reads as: a string that cannot stand in a text file.
_ABSENT = "\x01absent\x01"


@dataclass(frozen=True)
class Layout:
    """How a file's records are cut into cells."""

    format: str
    """ClickHouse's input format: CSV or JSONEachRow."""
    labels: tuple[str, ...]
    columns: tuple[str | None, ...]
    """For each label the dataset's column, None when it is not loaded."""
    delimiter: str | None = None
    header_place: int = 0
    """Records before the header: blank lines, or Excel's `sep=;`."""
    settings: dict[str, object] = field(default_factory=dict)
    overflow: int = 1
    """Cells read beyond the header's last: 1, or OVERFLOW_COLUMNS."""

    @property
    def is_positional(self) -> bool:
        """True when a cell belongs to a column by its place in the record."""
        return self.format == "CSV"

    @property
    def structure(self) -> str:
        """Return ClickHouse's description of the cells to read, all as text.

        Only the first and the last cell may be absent: a record without its last is too short, one
        without its first is a blank line. (Making every cell nullable costs a third of judging.)
        """
        kinds = ["String"] * len(self.labels)
        if self.is_positional:
            kinds[0] = kinds[-1] = "Nullable(String)"
            kinds += ["Nullable(String)"] * self.overflow
        return ", ".join(f"{c} {k}" for c, k in zip(_cells(self), kinds, strict=True))


def read_settings(layout: Layout) -> dict[str, object]:
    """Return the settings under which ClickHouse reads the cells exactly as they were sent."""
    settings: dict[str, object] = {
        # A file may hold years; a partition is a month.
        "max_partitions_per_insert_block": 10_000,
        "throw_on_max_partitions_per_insert_block": 0,
        "short_circuit_function_evaluation": "enable",
        # The presigned URL stands in the statement: it must not reach the query log.
        "log_queries": 0,
        **layout.settings,
    }
    if layout.is_positional:
        settings |= {
            "format_csv_delimiter": layout.delimiter or ",",
            "input_format_csv_allow_whitespace_or_tab_as_delimiter": int(layout.delimiter == "\t"),
            "input_format_csv_detect_header": 0,
            "input_format_csv_allow_variable_number_of_columns": 1,
            "input_format_csv_empty_as_default": 0,
            "input_format_csv_trim_whitespaces": 0,
            "input_format_csv_use_best_effort_in_schema_inference": 0,
            "format_csv_null_representation": _ABSENT,
        }
    else:
        settings |= {
            "input_format_json_read_numbers_as_strings": 1,
            "input_format_json_read_bools_as_strings": 1,
            "input_format_json_read_objects_as_strings": 1,
            "input_format_json_read_arrays_as_strings": 1,
            "input_format_skip_unknown_fields": 1,
            "input_format_null_as_default": 1,
        }
    return settings


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
    numbered = _Numbered(judgements, aside[0] if aside else None)
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
        f"(SELECT {_read(dataset, layout, judgements)}\n  FROM {source}"
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
    return ",\n      ".join([f"toUInt64(_row_number {place}) AS row", *_cells(layout), *texts])


def _where(
    layout: Layout, max_record_bytes: int | None, aside: tuple[IssueCode, str] | None
) -> str:
    conditions = []
    if layout.is_positional:
        conditions.append(f"_row_number > {layout.header_place}")
    if aside is not None:
        conditions.append(f"row IN ({aside[1]})")
    if max_record_bytes is not None:
        lengths = " + ".join(
            f"length({_cell(layout, place)})" for place in range(len(layout.labels))
        )
        conditions.append(f"throwIf({lengths} > {max_record_bytes}, '{RECORD_TOO_LONG}') = 0")
    if layout.is_positional and layout.overflow < OVERFLOW_COLUMNS:
        conditions.append(f"throwIf(isNotNull(o0), '{MORE_CELLS}') = 0")
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _stored_row(
    dataset: Dataset, layout: Layout, judgements: Sequence[Judgement], numbered: "_Numbered"
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


class _Numbered:
    """The plan's rules by number; a column's fault is its rule's number, 0 is none.

    Numbered so that one comparison tells what a fault does: first the warnings that empty the
    cell, then those that leave it in place, then the errors.
    """

    def __init__(self, judgements: Sequence[Judgement], aside: IssueCode | None) -> None:
        self._judged = [judgement for judgement in judgements if judgement.rules]
        codes = [IssueCode.MISSING_CELL, IssueCode.EXTRA_CELL, *([aside] if aside else [])]
        whole = [_NumberedRule("", Rule("", code, Severity.ERROR)) for code in codes]
        rules = whole + [_NumberedRule(j.column, rule) for j in judgements for rule in j.rules]
        self._rules = sorted(rules, key=lambda numbered: numbered.order)
        self._emptying = sum(numbered.order == 0 for numbered in rules)
        self._warnings = sum(numbered.order <= 1 for numbered in rules)

    def row_rule(self, code: IssueCode) -> int:
        """Return the number of a rule on the whole row."""
        return next(
            number
            for number, numbered in enumerate(self._rules, start=1)
            if not numbered.column and numbered.rule.code is code
        )

    def faults(self) -> list[tuple[str, str]]:
        """Return (alias, expression) of every column's fault, for columns that can have one."""
        steps = []
        for judgement in self._judged:
            arms = "".join(f"{r.condition}, {self._number(r)}, " for r in judgement.rules)
            # `if` first: `multiIf` walks its arms row by row, and nearly every cell is clean.
            expression = f"toUInt16(if({judgement.clean}, 0, multiIf({arms}0)))"
            steps.append((f"i_{judgement.column}", expression))
        return steps

    def any(self) -> str:
        """Return the condition of a row with any fault."""
        return f"{' + '.join(['r', *self._aliases()])} != 0"

    def rejected(self) -> str:
        """Return the condition of a row that is set aside."""
        return f"greatest({', '.join(['r', *self._aliases()])}) > {self._warnings}"

    def issues(self) -> str:
        """Return the row's issues; a row that is cut wrongly has that one only."""
        severities = array([str(numbered.rule.severity) for numbered in self._rules])
        names = array([numbered.column for numbered in self._rules])
        codes = array([str(numbered.rule.code) for numbered in self._rules])
        aliases = self._aliases()
        arms = ", ".join(f"p = {place}, {alias}" for place, alias in enumerate(aliases))
        places = f"if(has_issue, if(r != 0, [{len(aliases)}], range({len(aliases)})), [])"
        # A lambda over places, as for the cells: rows without an issue have no places.
        faults = f"arrayFilter(x -> x != 0, arrayMap(p -> multiIf({arms}, r), {places}))"
        return f"arrayMap(x -> ({severities}[x], {names}[x], {codes}[x]), {faults})"

    def emptied(self, judgement: Judgement) -> str | None:
        """Return the condition under which the cell of a row that loads is emptied."""
        if any(self._number(rule) <= self._emptying for rule in judgement.rules):
            return f"i_{judgement.column} BETWEEN 1 AND {self._emptying}"
        return None

    def _number(self, rule: Rule) -> int:
        return next(
            number for number, numbered in enumerate(self._rules, start=1) if numbered.rule is rule
        )

    def _aliases(self) -> list[str]:
        return [f"i_{judgement.column}" for judgement in self._judged]


@dataclass(frozen=True)
class _NumberedRule:
    column: str
    rule: Rule

    @property
    def order(self) -> int:
        if self.rule.severity is Severity.ERROR:
            return 2
        return 1 if self.rule.keeps_value else 0


def _cells(layout: Layout) -> list[str]:
    if not layout.is_positional:
        return [backticked(label) for label in layout.labels]
    places = [f"c{place}" for place in range(len(layout.labels))]
    return places + [f"o{place}" for place in range(layout.overflow)]


def _cell(layout: Layout, place: int) -> str:
    cell = _cells(layout)[place]
    is_end = layout.is_positional and place in (0, len(layout.labels) - 1)
    return f"ifNull({cell}, '')" if is_end else cell


def _text(dataset: Dataset, layout: Layout, column: str) -> str:
    is_present = column in layout.columns
    text = _cell(layout, layout.columns.index(column)) if is_present else "''"
    # Words that repeat go by dictionary, so that judging them costs once per different word.
    # (Reading them so, in the file's structure, takes three times as long as converting.)
    is_word = storage_type(dataset.column(column)).startswith("LowCardinality")
    return f"toLowCardinality({text})" if is_word else text


def _row_fault(layout: Layout, numbered: _Numbered, aside: IssueCode | None) -> str:
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
    cells = _cells(layout)
    arms = ", ".join(f"p = {place}, {cell}" for place, cell in enumerate(cells))
    if not layout.is_positional:
        return f"arrayMap(p -> multiIf({arms}, ''), if(has_issue, range({len(cells)}), []))"
    surplus = f"if(isNull(o0), 0, {layout.overflow})"
    return (
        f"arrayMap(p -> ifNull(multiIf({arms}, ''), ''),"
        f" if(has_issue, range({len(layout.labels)} + {surplus}), []))"
    )


def _stored(dataset: Dataset, judgement: Judgement, numbered: _Numbered) -> str:
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
