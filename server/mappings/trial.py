"""A mapping tried on a sample: the header aligned, the rows judged, nothing kept.

The sample goes through the code that files go through: its head is looked at as in the ingest's
inspection (`server/files/framing.py`), and the engine judges it with the same statement.
"""

from dataclasses import dataclass, replace

from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.clearing import card_numbers_statement
from server.datasets.declaration import Dataset
from server.datasets.header import Alignment
from server.datasets.judging import judged_rows
from server.datasets.layout import OVERFLOW_COLUMNS, UNREADABLE, Layout, read_settings
from server.datasets.mapping import Mapping
from server.datasets.sql import quoted
from server.datasets.tables import columns
from server.errors import QueryRejected
from server.files.contents import Contents
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, lay_out
from server.files.parquet import ParquetFile, parquet_layout
from server.mappings.checking import judging_parameters
from server.mappings.schemas import MAX_PARQUET_ROWS, TrialAnswer
from server.mappings.trial_answer import JudgedRow, header_tried, nothing_judged, rows_tried
from server.settings import Settings

_COMMENT = "mapping:try"
# A sample is small: what takes longer is not the sample's fault.
_SECONDS = 20


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, or all of one."""

    contents: Contents
    file_type: str
    rows: int
    """How many to show."""
    parquet: ParquetFile | None = None
    """The file itself, where it has no text to take the beginning of."""


class Trials:
    """Judges samples."""

    def __init__(self, analytics: Analytics, settings: Settings, clock: Clock) -> None:
        self._analytics = analytics
        self._settings = settings
        self._clock = clock

    async def judge(self, dataset: Dataset, mapping: Mapping, sample: Sample) -> TrialAnswer:
        """Return what a file that begins like the sample would meet.

        Raises:
            AnalyticsUnavailable: ClickHouse does not answer, or takes too long.
        """
        nothing = nothing_judged(is_whole=sample.contents.is_whole)
        try:
            layout, alignment = await self._lay_out(dataset, mapping, sample)
        except FileFailed as failure:
            return nothing.model_copy(update={"failure": failure.as_json()})
        header = {"header": header_tried(alignment), "delimiter": layout.delimiter}
        try:
            check_header(dataset, alignment)
            layout = replace(layout, overflow=OVERFLOW_COLUMNS, is_by_lines=False)
            await self._refuse_card_numbers(dataset, layout, sample)
            rows, is_whole = await self._rows(dataset, layout, sample)
        except FileFailed as failure:
            return nothing.model_copy(update={"failure": failure.as_json(), **header})
        told = rows_tried(dataset, rows, shown=sample.rows)
        return nothing.model_copy(update={**header, "is_whole": is_whole, **told})

    async def _lay_out(
        self, dataset: Dataset, mapping: Mapping, sample: Sample
    ) -> tuple[Layout, Alignment]:
        if sample.parquet is None:
            return lay_out(dataset, sample.contents, file_type=sample.file_type, mapping=mapping)
        return await parquet_layout(
            sample.parquet,
            dataset,
            mapping,
            analytics=self._analytics,
            settings=self._settings,
            comment=_COMMENT,
        )

    async def _refuse_card_numbers(self, dataset: Dataset, layout: Layout, sample: Sample) -> None:
        statement = card_numbers_statement(dataset, layout, source=_cells(layout, sample))
        found = await self._query(statement, layout)
        if found:
            told = ", ".join(f"{label} ({rows} rows)" for label, rows, _ in found)
            detail = f"Full card numbers in {told}. A file that holds one is destroyed."
            labels = [str(label) for label, _, _ in found]
            raise FileFailed(FailureCode.PAN_DETECTED, detail, columns=labels)

    async def _rows(
        self, dataset: Dataset, layout: Layout, sample: Sample
    ) -> tuple[list[JudgedRow], bool]:
        """Return the sample's rows, and whether they are all of the file's."""
        source = layout.renamed(_cells(layout, sample))
        statement = judged_rows(dataset, layout, source=source, keeps_all_cells=True)
        found = await self._query(f"{statement}\nORDER BY row", layout)
        names = [name for name, _ in columns(dataset)]
        rows = [JudgedRow.of(dataset, layout, dict(zip(names, row, strict=True))) for row in found]
        if sample.parquet is not None:
            return rows[:MAX_PARQUET_ROWS], len(rows) <= MAX_PARQUET_ROWS
        if not layout.is_positional:
            blanks = [JudgedRow.blank(place + 1) for place in sample.contents.blank_lines]
            rows = sorted([*rows, *blanks], key=lambda row: row.number)
        # The cut may have gone through the last record.
        is_whole = sample.contents.is_whole
        return rows if is_whole else rows[:-1], is_whole

    async def _query(self, statement: str, layout: Layout) -> list[tuple[object, ...]]:
        mapping = layout.mapping or Mapping()
        settings = {
            **read_settings(layout, await self._analytics.cores()),
            # One thread, so that rows are numbered in their order.
            "max_threads": 1,
            "input_format_parallel_parsing": 0,
        }
        try:
            found = await self._analytics.query(
                statement,
                parameters=judging_parameters(self._analytics, mapping.zone, self._clock()),
                settings=settings,
                timeout_seconds=_SECONDS,
                comment=_COMMENT,
            )
        except QueryRejected as fault:
            if fault.code not in UNREADABLE:
                raise
            # The message may quote cells.
            detail = "The text cannot be cut into rows and cells."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail) from fault
        return found.rows


def _cells(layout: Layout, sample: Sample) -> str:
    """Return the table expression of the sample's records, numbered from 0 with blank lines."""
    if sample.parquet is not None:
        # One more than is told, to know whether there are more.
        first = f"_row_number <= {MAX_PARQUET_ROWS}"
        return f"(SELECT *, _row_number FROM {sample.parquet.call}, 'Parquet') WHERE {first})"
    text = f"format('{layout.format}', {quoted(layout.structure)}, {quoted(sample.contents.text)})"
    place = "rowNumberInAllBlocks()"
    if not layout.is_positional and (blank := sample.contents.blank_lines):
        # The reader of JSON lines passes over them.
        records = [n for n in range(len(sample.contents.lines)) if n not in blank]
        place = f"{records}[{place} + 1]"
    return f"(SELECT {place} AS _row_number, * FROM {text})"
