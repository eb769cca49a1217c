"""Fills the staging table with every row of the file, judged: `clearing.py`, then `judging.py`.

Called by `load.py`. Both passes run inside ClickHouse; the second reads the staged cells of the
few rows that the first did not clear, not the file.
"""

from server.datasets.blank_lines import skipped_statement
from server.datasets.clearing import clearing_statement
from server.datasets.issues import IssueCode
from server.datasets.judging import judging_statement
from server.datasets.layout import Layout, read_settings
from server.datasets.reading import unclear_rows
from server.datasets.tables import UNCLEAR, UNCLEAR_PARTITION
from worker.ingest.attempt import Attempt
from worker.ingest.source import Source


async def stage_rows(
    attempt: Attempt, layout: Layout, source: Source, *, max_record_bytes: int | None = None
) -> None:
    """Stage the rows of the file; a longer record than max_record_bytes stops it.

    Raises:
        QueryRejected: the file cannot be cut into records, or has a cell past the layout's.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    await attempt.create("staging")
    clearing = clearing_statement(
        attempt.dataset,
        layout,
        source=source.lines if layout.is_by_lines else source.cells(layout),
        target=attempt.staged,
        max_record_bytes=max_record_bytes,
    )
    await _run(attempt, layout, source, clearing)
    if layout.blanks is not None:
        skipped = skipped_statement(attempt.dataset, source.lines, attempt.staged)
        await _run(attempt, layout, source, skipped)
    if not await attempt.count(f"{attempt.staged} WHERE _verdict = {UNCLEAR}"):
        return
    judging = judging_statement(
        attempt.dataset,
        layout,
        source=unclear_rows(layout, attempt.staged),
        target=attempt.staged,
    )
    await _run(attempt, layout, source, judging)
    await attempt.run(f"ALTER TABLE {attempt.staged} DROP PARTITION {UNCLEAR_PARTITION}")


async def stage_aside(
    attempt: Attempt, layout: Layout, source: Source, *, rows: str, issue: IssueCode
) -> None:
    """Read rows of the file again and stage them as set aside, with their cells.

    Args:
        attempt: whose.
        layout: how the file is cut into cells.
        source: the file.
        rows: a subquery of their numbers.
        issue: what they are set aside for.
    """
    statement = judging_statement(
        attempt.dataset,
        layout,
        source=layout.renamed(source.cells(layout)),
        target=attempt.staged,
        rows=rows,
        aside=issue,
    )
    await _run(attempt, layout, source, statement)


async def _run(attempt: Attempt, layout: Layout, source: Source, statement: str) -> None:
    cores = await attempt.analytics.cores()
    settings = read_settings(layout, cores)
    await attempt.run(statement, settings=settings, parameters=source.parameters)
