"""Says where card numbers were found in a file: column, count and first row, never a number."""

from server.datasets.clearing import card_numbers_statement
from server.datasets.layout import read_settings
from server.files.failures import FailureCode, FileFailed
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.source import source_of


async def card_numbers(attempt: Attempt, inspection: Inspection) -> FileFailed:
    """Return the failure of a file whose load was stopped by a card number.

    Raises:
        AnalyticsUnavailable, StorageUnavailable: an outside system's fault.
    """
    source = await source_of(attempt, inspection)
    layout = inspection.layout
    found = await attempt.analytics.query(
        card_numbers_statement(attempt.dataset, layout, source=source.cells(layout)),
        parameters={**attempt.parameters, **source.parameters},
        settings=read_settings(layout, await attempt.analytics.cores()),
        comment=attempt.comment,
    )
    columns = [(str(label), int(str(rows)), int(str(first))) for label, rows, first in found.rows]
    told = ", ".join(f"{label} ({rows} rows, first {first})" for label, rows, first in columns)
    return FileFailed(
        FailureCode.PAN_DETECTED,
        f"Full card numbers in {told}. Nothing was loaded, and the stored file was destroyed.",
        columns=[label for label, _, _ in columns],
        row_number=min((first for _, _, first in columns), default=None),
    )
