"""How a file's records are cut into cells, and the settings under which ClickHouse does so.

Found by `worker/ingest/inspect.py`; `judging.py` compiles the statement for it.
"""

from dataclasses import dataclass, field, replace

from server.datasets.blank_lines import among_lines
from server.datasets.header import REPORT_LABELS
from server.datasets.mapping import Mapping
from server.datasets.sql import backticked
from server.datasets.typed import text_of

# Cells past the header's last are read this far, to be told as `extra-cell`; ClickHouse keeps only
# what is declared. Sixteen cost a fifth of the whole load, so a file is read with one first; a
# record that has it, behind which more may stand, stops that (MORE_CELLS) for the next step.
OVERFLOW_STEPS = (1, 4, 16)
OVERFLOW_COLUMNS = OVERFLOW_STEPS[-1]
MORE_CELLS = "more cells may follow"
BY_READER_ONLY = "not to be read by lines"
RECORD_TOO_LONG = "record too long"
# ClickHouse's numbers for a text that cannot be cut into records and cells.
UNREADABLE = frozenset({6, 25, 26, 27, 33, 38, 41, 72, 117, 130, 131, 349, 469, 636})
_CORES_TO_SPARE = 4
# Reading lines is little work and much waiting, for the disk or the network, and the threads that
# write wait for each other: with two more than there are cores, a tenth less time passes. (The CSV
# reader is all work, and others only take its core away.)
_MORE_THREADS = 2
# Cells are taken out of a block of records one column after the other: in a small block they are
# found in the processor's cache each time. Smaller still, and the work per block outweighs that.
_ROWS_A_BLOCK = 2**14
# Each holds a block of up to a million rows.
_WRITERS = 4

# What an absent cell reads as: a string that cannot stand in a text file.
_ABSENT = "\x01absent\x01"


@dataclass(frozen=True)
class Layout:
    """How a file's records are cut into cells."""

    format: str
    """ClickHouse's input format: CSV, JSONEachRow or Parquet."""
    labels: tuple[str, ...]
    columns: tuple[str | None, ...]
    """For each label the dataset's column, None when it is not loaded."""
    delimiter: str | None = None
    header_place: int = 0
    """Records before the header: blank lines, or Excel's `sep=;`."""
    settings: dict[str, object] = field(default_factory=dict)
    overflow: int = OVERFLOW_STEPS[0]
    """Cells read beyond the header's last: one of OVERFLOW_STEPS."""
    is_by_lines: bool = False
    """True when its records are read as lines: no quote was seen in it (`cutting.py`)."""
    ends_lines_with_cr: bool = False
    """True when its lines end as those of Windows do."""
    kinds: tuple[str, ...] = ()
    """For each label the ClickHouse type that a Parquet file brings it as."""
    exempt: frozenset[str] = frozenset()
    """Labels that are not looked through for card numbers (`server/exemptions/`)."""
    mapping: Mapping | None = None
    """What its texts are turned into before they are judged."""
    blanks: str | None = None
    """The list of its blank lines, where some stand among its JSON lines (`blank_lines.py`)."""

    @property
    def is_positional(self) -> bool:
        """True when a cell belongs to a column by its place in the record."""
        return self.format == "CSV"

    @property
    def ways(self) -> list["Layout"]:
        """Return how to try to read it, the fastest way first; the last takes whatever it meets."""
        steps = [replace(self, overflow=step, is_by_lines=False) for step in OVERFLOW_STEPS]
        return [replace(self, overflow=OVERFLOW_COLUMNS), *steps] if self.is_by_lines else steps

    @property
    def is_report(self) -> bool:
        """True for our own report of rejected rows, repaired and sent again."""
        return {label.strip() for label in self.labels} >= set(REPORT_LABELS)

    @property
    def structure(self) -> str:
        """Return ClickHouse's description of the cells to read, all as text.

        Parquet's columns are read as what they are: only so no digit of theirs changes.
        Only the first and the last cell may be absent: a record without its last is too short, one
        without its first is a blank line. (Making every cell nullable costs a third of judging.)
        """
        if self.kinds:
            return "auto"
        kinds = ["String"] * len(self.labels)
        if self.is_positional:
            kinds[0] = kinds[-1] = "Nullable(String)"
            kinds += ["Nullable(String)"] * self.overflow
        return ", ".join(f"{c} {k}" for c, k in zip(self._names, kinds, strict=True))

    @property
    def cells(self) -> list[str]:
        """Return the names of the cells that are read, in the order of the record."""
        places = [f"c{place}" for place in range(len(self.labels))]
        return places + [f"o{place}" for place in range(self.overflow if self.is_positional else 0)]

    def renamed(self, source: str) -> str:
        """Return the table expression with its cells under our names.

        The keys of JSON lines are their sender's, and may be words that the statement uses; so are
        the names of Parquet's columns, whose values become texts here.
        """
        if self.is_positional:
            return source
        texts = [f"t.{name}" for name in self._names]
        if self.kinds:
            texts = [text_of(n, kind) for n, kind in zip(self.labels, self.kinds, strict=True)]
        named = ", ".join(f"{text} AS {c}" for text, c in zip(texts, self.cells, strict=True))
        renamed = f"(SELECT t._row_number AS _row_number, {named} FROM {source} AS t)"
        return renamed if self.blanks is None else among_lines(renamed, self.blanks)

    @property
    def _names(self) -> list[str]:
        return self.cells if self.is_positional else [backticked(label) for label in self.labels]

    def cell(self, place: int) -> str:
        """Return the text of the cell at a label's place, `''` when it is absent."""
        cell = self.cells[place]
        is_end = self.is_positional and place in (0, len(self.labels) - 1)
        return f"ifNull({cell}, '')" if is_end else cell


def read_settings(layout: Layout, cores: int) -> dict[str, object]:
    """Return the settings under which ClickHouse reads the cells exactly as they were sent.

    Args:
        layout: how the file is cut.
        cores: threads a statement has in ClickHouse.
    """
    settings: dict[str, object] = {
        # Cutting in parallel costs 1.6 times the work of cutting in one thread, which leaves the
        # others to judging and writing: it pays where there are threads to spare.
        "input_format_parallel_parsing": int(cores >= _CORES_TO_SPARE),
        "max_insert_threads": min(cores, _WRITERS),
        "short_circuit_function_evaluation": "enable",
        # A mapping of many values makes a long statement.
        "max_query_size": 2**22,
        # The presigned URL stands in the statement: it must not reach the query log.
        "log_queries": 0,
        **layout.settings,
    }
    if layout.is_by_lines:
        settings |= {"max_threads": cores + _MORE_THREADS, "max_block_size": _ROWS_A_BLOCK}
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
            # Else a time without a zone reads as one of UTC.
            "input_format_parquet_local_time_as_utc": 0,
        }
    return settings
