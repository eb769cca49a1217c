"""Stage two: one pass inside ClickHouse reads the pinned object, judges and types every row.

Comes after `inspect.py`, before `publish.py`. Everything lands in the attempt's staging table; the
rows set aside or warned about are kept with their cells in the dataset's rejected table. The
worker conducts: it signs a URL, sends one statement, and shows how far it is.
"""

import asyncio
import contextlib
import re
from datetime import timedelta

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.judging import load_statement, read_settings
from server.datasets.provision import ZONES
from server.datasets.sql import quoted
from server.datasets.tables import ASIDE_PARTITION, GOOD, columns, rejected_table
from server.errors import ObjectMissing, QueryRejected, StorageUnavailable
from server.files.claims import Claim, LeaseLost
from server.files.failures import FailureCode, FileFailed
from worker.context import Context
from worker.ingest import duplicates, staging
from worker.ingest.inspect import Inspection
from worker.ingest.quotes import check_last_quote
from worker.ingest.staging import Staging
from worker.ingest.transcode import transcode
from worker.ingest.verdict import Verdict, judge_staged

_PROGRESS_SECONDS = 0.5
# ClickHouse's numbers, by what they say of a file that url() read.
_REMOTE_REFUSED = 86
_TOO_LONG = 395  # FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, from our own bound on a record
_PARSING = frozenset({6, 25, 26, 27, 33, 38, 41, 72, 117, 130, 131, 349, 469, 636})
_UNPACKING = frozenset({32, 33, 354, 561, 271, 432})
_ROW = re.compile(r"\(at row (\d+)\)")
_HUGE_ROW = "row is extremely large"


async def load(
    context: Context, claim: Claim, dataset: Dataset, inspection: Inspection, tables: Staging
) -> Verdict:
    """Return the verdict on the file; its good rows stand in the staging table.

    Raises:
        FileFailed: structure-error, row-too-long, compression-error, encoding-error.
        AnalyticsUnavailable, StorageUnavailable, ObjectMissing: an outside system's fault.
    """
    comment = f"ingest:{claim.file_id}:{claim.attempt}"
    url = await _source_url(context, claim, inspection)
    await staging.create(context.analytics, tables, tables.rows, comment)
    source = _source(inspection, url)
    statement = load_statement(
        dataset,
        inspection.layout,
        source=source,
        target=tables.rows,
        max_record_bytes=context.settings.max_record_bytes,
    )
    reporting = asyncio.create_task(_report_progress(context, claim, comment))
    try:
        await context.analytics.command(
            statement,
            parameters=_parameters(claim, context.analytics),
            settings=read_settings(inspection.layout),
            comment=comment,
        )
    except QueryRejected as fault:
        raise await _failure(context, claim, inspection, fault) from None
    finally:
        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporting
    await check_last_quote(context.analytics, inspection, source, comment)
    doubled = await duplicates.settle(
        context.analytics, claim, dataset, inspection.layout, tables, source, comment
    )
    verdict = await judge_staged(context.analytics, dataset, tables, doubled, comment)
    await _keep_reported_rows(context.analytics, dataset, tables, verdict, comment)
    return verdict


async def _source_url(context: Context, claim: Claim, inspection: Inspection) -> str:
    key, version = claim.object_key, claim.object_version
    if inspection.encoding.startswith("utf-16") or inspection.encoding == "cp1252":
        derived = await transcode(context, claim, inspection.encoding)
        key, version = derived.key, derived.version_id
    # `url()` on a presigned GET with the version in it, never `s3()`: its HEAD drops the version,
    # and a later PUT would cut the pinned file (INGEST.md, pinning).
    return context.storage.presign_get(
        key,
        version_id=version,
        expires_in=timedelta(seconds=context.settings.job_timeout_seconds),
        public=False,
    )


def _source(inspection: Inspection, url: str) -> str:
    layout = inspection.layout
    packed = {"gzip": "gzip", "zstd": "zstd", None: "none"}[inspection.compression]
    structure = quoted(layout.structure)
    return f"url({quoted(url)}, '{layout.format}', {structure}, '{packed}')"


def _parameters(claim: Claim, analytics: Analytics) -> dict[str, object]:
    return {
        "workspace": claim.workspace_id,
        "file": str(claim.file_id),
        "attempt": claim.attempt,
        "uploaded_at": claim.uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "zone": "UTC",
        "zones": f"{analytics.database}.{ZONES}",
    }


async def _report_progress(context: Context, claim: Claim, comment: str) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        # Only a display: whatever goes wrong here, the load itself will tell.
        with contextlib.suppress(Exception):
            found = await context.analytics.query(
                "SELECT read_rows, read_bytes FROM system.processes"
                " WHERE Settings['log_comment'] = {comment:String} ORDER BY elapsed DESC LIMIT 1",
                parameters={"comment": comment},
                comment=f"progress:{claim.file_id}",
            )
            if not found.rows:
                continue
            rows_done, bytes_done = (int(str(value)) for value in found.rows[0])
            try:
                await context.claims.progress(
                    claim,
                    bytes_done=min(bytes_done, claim.size_bytes),
                    bytes_total=claim.size_bytes,
                    rows_done=rows_done,
                )
            except LeaseLost:
                return


async def _failure(
    context: Context, claim: Claim, inspection: Inspection, fault: QueryRejected
) -> Exception:
    """Return what a refused statement says of the file; the message itself may quote cells."""
    row_number = _row_number(fault, inspection)
    where = f" near row {row_number}" if row_number is not None else ""
    if fault.code == _TOO_LONG or _HUGE_ROW in fault.server_message:
        limit = context.settings.max_record_bytes
        detail = f"A row is longer than {limit} bytes{where}; a quote may never be closed."
        return FileFailed(FailureCode.ROW_TOO_LONG, detail, row_number=row_number)
    if inspection.compression is not None and fault.code in _UNPACKING:
        detail = f"The {inspection.compression} data is damaged or ends too early."
        return FileFailed(FailureCode.COMPRESSION_ERROR, detail)
    if fault.code in _PARSING:
        detail = f"The text cannot be cut into rows and cells{where}."
        return FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=row_number)
    if fault.code == _REMOTE_REFUSED:
        return await _storage_fault(context, claim)
    return fault


async def _storage_fault(context: Context, claim: Claim) -> Exception:
    try:
        await context.storage.read_range(
            claim.object_key, version_id=claim.object_version, offset_bytes=0, length_bytes=1
        )
    except (ObjectMissing, StorageUnavailable) as missing:
        return missing
    return StorageUnavailable("ClickHouse could not read the object")


def _row_number(fault: QueryRejected, inspection: Inspection) -> int | None:
    found = _ROW.search(fault.server_message)
    if found is None:
        return None
    # ClickHouse counts from 1 and counts the header.
    return max(int(found.group(1)) - 1 - inspection.layout.header_place, 1)


async def _keep_reported_rows(
    analytics: Analytics, dataset: Dataset, tables: Staging, verdict: Verdict, comment: str
) -> None:
    """Keep the rows set aside, and copies of those warned about, for the reports."""
    kept = f"{analytics.database}.{rejected_table(dataset)}"
    if verdict.rows_with_warnings:
        names = [name for name, _ in columns(dataset)]
        moved = ", ".join(
            f"toDateTime64(0, 6, 'UTC') AS {name}" if name == dataset.event_time else name
            for name in names
        )
        await analytics.command(
            f"INSERT INTO {kept} ({', '.join(names)}) SELECT {moved} FROM {tables.rows}"
            f" WHERE _verdict = {GOOD} AND notEmpty(_issues)",
            comment=comment,
        )
    if verdict.rows_rejected:
        await analytics.command(
            f"ALTER TABLE {kept} ATTACH PARTITION {ASIDE_PARTITION} FROM {tables.rows}",
            comment=comment,
        )
    if verdict.rows_rejected or verdict.rows_skipped:
        # What is left are the good rows alone: publishing attaches all partitions as they are.
        await analytics.command(
            f"ALTER TABLE {tables.rows} DROP PARTITION {ASIDE_PARTITION}", comment=comment
        )
