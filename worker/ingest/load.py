"""Stage two: ClickHouse reads the pinned object in one pass, judges and types every row.

Comes after `inspect.py`, before `publish.py`. Everything lands in the attempt's staging table; the
rows set aside or warned about are kept with their cells in the dataset's rejected table. The
worker conducts: it signs a URL, sends one statement, and shows how far it is.
"""

import asyncio
import contextlib
import re
from dataclasses import replace
from itertools import chain, repeat
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from server.datasets.cards import CARD_NUMBER
from server.datasets.layout import (
    BY_READER_ONLY,
    MORE_CELLS,
    RECORD_TOO_LONG,
    UNREADABLE,
    Layout,
)
from server.datasets.tables import ASIDE_PARTITION, GOOD, columns
from server.errors import AdapterError, ObjectMissing, QueryRejected, StorageUnavailable
from server.files.claims import LeaseLost
from server.files.failures import FailureCode, FileFailed
from worker.ingest.attempt import Attempt
from worker.ingest.cards import card_numbers
from worker.ingest.duplicates import settle_doubled_keys
from worker.ingest.inspect import Inspection
from worker.ingest.json_lines import blank_lines_before, check_records
from worker.ingest.pinned import object_changed
from worker.ingest.quotes import check_last_quote
from worker.ingest.rows import stage_rows
from worker.ingest.source import SIZE_DIFFERS, check_size_served, source_of
from worker.ingest.unpacking import beside
from worker.ingest.verdict import Verdict, judge_staged

# Soon, then seldom: to ask a busy ClickHouse takes a tenth of a second of a core.
_PROGRESS_SECONDS: Final = (0.5, 1.0, 2.0)
# ClickHouse's numbers, by what they say of the file that it read.
# url() was refused, or cut short before the length it announced; the file of a version is not there
# (any more), or cannot be opened.
_NOT_READ: Final = frozenset({86, 107, 76, 1000})
_THROWN: Final = 395  # FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: by our own statement
_UNPACKING: Final = frozenset({32, 33, 271, 354, 432, 561})
_ROW: Final = re.compile(r"\(at row (\d+)\)")
_ANOTHER_WAY: Final = re.compile(f"{MORE_CELLS}|{BY_READER_ONLY}")
_HUGE_ROW: Final = "row is extremely large"


async def load(attempt: Attempt, inspection: Inspection) -> Verdict:
    """Return the verdict on the file; its good rows stand in the staging table.

    Raises:
        FileFailed: structure-error, row-too-long, compression-error, encoding-error,
            decompression-limit, object-changed.
        AnalyticsUnavailable, StorageUnavailable, ObjectMissing: an outside system's fault.
    """
    for layout in inspection.layout.ways:
        try:
            return await _load(attempt, replace(inspection, layout=layout))
        except QueryRejected as fault:
            if fault.code == _THROWN and CARD_NUMBER in fault.server_message:
                # What is staged so far holds none; nothing of the file shall stay.
                await attempt.drop("staging")
                raise await card_numbers(attempt, replace(inspection, layout=layout)) from None
            if fault.code != _THROWN or not _ANOTHER_WAY.search(fault.server_message):
                raise await _failure(attempt, inspection, fault) from None
    message = "the last way reads whatever it meets"
    raise AssertionError(message)


async def _load(attempt: Attempt, inspection: Inspection) -> Verdict:
    layout = inspection.layout
    source = await source_of(attempt, inspection)
    reporting = asyncio.create_task(_report_progress(attempt, layout))
    try:
        longest = attempt.context.settings.max_record_bytes
        staging = stage_rows(attempt, layout, source, max_record_bytes=longest)
        await beside(attempt.context, attempt.claim, inspection.compression, staging)
    finally:
        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporting
    await check_records(attempt, inspection, source)
    await check_size_served(attempt, source)
    await check_last_quote(attempt, inspection, source)
    doubled = await settle_doubled_keys(attempt, layout, source)
    verdict = await judge_staged(attempt, doubled)
    verdict = replace(verdict, controls=(*source.controls, *verdict.controls))
    await _keep_reported_rows(attempt, verdict)
    return verdict


async def _report_progress(attempt: Attempt, layout: Layout) -> None:
    claim = attempt.claim
    # The header, and blank lines before it, are rows to the engine.
    before_rows = layout.header_place + 1 if layout.is_positional else 0
    for pause in chain(_PROGRESS_SECONDS, repeat(_PROGRESS_SECONDS[-1])):
        await asyncio.sleep(pause)
        # Only a display: whatever is away here, the load itself will tell.
        with contextlib.suppress(AdapterError, SQLAlchemyError, OSError):
            found = await attempt.analytics.query(
                "SELECT read_rows, read_bytes FROM system.processes"
                " WHERE Settings['log_comment'] = {comment:String} ORDER BY elapsed DESC LIMIT 1",
                parameters={"comment": attempt.comment},
                comment=f"progress:{claim.file_id}",
            )
            if not found.rows:
                continue
            rows_done, bytes_done = (int(str(value)) for value in found.rows[0])
            try:
                await attempt.context.claims.progress(
                    claim,
                    bytes_done=min(bytes_done, claim.size_bytes),
                    bytes_total=claim.size_bytes,
                    rows_done=max(0, rows_done - before_rows),
                )
            except LeaseLost:
                return


async def _failure(attempt: Attempt, inspection: Inspection, fault: QueryRejected) -> Exception:
    """Return what a refused statement says of the file; the message itself may quote cells."""
    row_number = await _row_number(attempt, inspection, fault)
    where = f" near row {row_number}" if row_number is not None else ""
    if _is_too_long(fault) or _HUGE_ROW in fault.server_message:
        limit = attempt.context.settings.max_record_bytes
        detail = f"A row is longer than {limit} bytes{where}; a quote may never be closed."
        return FileFailed(FailureCode.ROW_TOO_LONG, detail, row_number=row_number)
    if fault.code == _THROWN and SIZE_DIFFERS in fault.server_message:
        return object_changed(attempt.claim)
    if inspection.compression is not None and fault.code in _UNPACKING:
        detail = f"The {inspection.compression} data is damaged or ends too early."
        return FileFailed(FailureCode.COMPRESSION_ERROR, detail)
    if fault.code in UNREADABLE:
        detail = f"The text cannot be cut into rows and cells{where}."
        return FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=row_number)
    if fault.code in _NOT_READ:
        return await _storage_fault(attempt)
    return fault


def _is_too_long(fault: QueryRejected) -> bool:
    return fault.code == _THROWN and RECORD_TOO_LONG in fault.server_message


async def _storage_fault(attempt: Attempt) -> Exception:
    claim = attempt.claim
    try:
        await attempt.context.storage.read_range(
            claim.object_key, version_id=claim.object_version, offset_bytes=0, length_bytes=1
        )
    except (ObjectMissing, StorageUnavailable) as missing:
        return missing
    return StorageUnavailable("ClickHouse could not read the object")


async def _row_number(attempt: Attempt, inspection: Inspection, fault: QueryRejected) -> int | None:
    found = _ROW.search(fault.server_message)
    if found is None:
        return None
    record = int(found.group(1))  # counted from 1
    layout = inspection.layout
    if not layout.is_positional:
        return record + await blank_lines_before(attempt, layout, record)
    # With the header.
    return max(record - 1 - layout.header_place, 1)


async def _keep_reported_rows(attempt: Attempt, verdict: Verdict) -> None:
    """Keep the rows set aside, and copies of those warned about, for the reports."""
    if verdict.rows_with_warnings:
        names = [name for name, _ in columns(attempt.dataset)]
        moved = ", ".join(
            "toDateTime64(0, 6, 'UTC')" if name == attempt.dataset.event_time else name
            for name in names
        )
        await attempt.run(
            f"INSERT INTO {attempt.rejected} ({', '.join(names)}) SELECT {moved}"
            f" FROM {attempt.staged} WHERE _verdict = {GOOD} AND notEmpty(_issues)"
        )
    if verdict.rows_rejected:
        await attempt.attach(ASIDE_PARTITION, source=attempt.staged, target=attempt.rejected)
    if verdict.rows_rejected or verdict.rows_skipped:
        # What is left are the good rows alone: publishing attaches all partitions as they are.
        await attempt.run(f"ALTER TABLE {attempt.staged} DROP PARTITION {ASIDE_PARTITION}")
