"""Which columns a Parquet file has, as ClickHouse reads them from its footer.

Part of `inspect.py`. A Parquet file names and types its columns itself; what their values mean is
judged like any other file's, from their texts (`server/datasets/typed.py`).
"""

from dataclasses import replace

from server.datasets.header import Alignment
from server.datasets.layout import Layout, read_settings
from server.datasets.mapping import Mapping
from server.errors import QueryRejected
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, lay_out_records
from worker.ingest.attempt import Attempt
from worker.ingest.place import place_of
from worker.ingest.unpacking import limit_bytes, unpacks_to_too_much

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
# Its footer stands at its end, so ClickHouse keeps in memory what comes over HTTP.
_MOST_BYTES = 2**30


async def parquet_layout(
    attempt: Attempt, head: bytes, mapping: Mapping | None
) -> tuple[Layout, Alignment]:
    """Return how the file's columns are read, and how they meet the dataset.

    Raises:
        FileFailed: structure-error, too-large, decompression-limit, and what `check_header` raises.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    _check_kind(attempt.claim.size_bytes, head)
    try:
        await _check_rows(attempt)
        kinds = await _columns(attempt)
    except QueryRejected:
        detail = "The Parquet file is damaged or ends too early: its footer cannot be read."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail) from None
    layout, alignment = lay_out_records(attempt.dataset, "Parquet", list(kinds), mapping)
    check_header(attempt.dataset, alignment)
    return replace(layout, kinds=tuple(kinds[label] for label in layout.labels)), alignment


def _check_kind(size_bytes: int, head: bytes) -> None:
    if head.startswith(_ENCRYPTED):
        detail = "The Parquet file is encrypted. Send it without encryption."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    if not head.startswith(_MAGIC):
        detail = "The file is no Parquet file. Send it as what it is: csv, tsv or jsonl."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    if size_bytes > _MOST_BYTES:
        detail = f"Parquet is taken up to {_MOST_BYTES} bytes; split the file, or send it as CSV."
        raise FileFailed(FailureCode.TOO_LARGE, detail)


async def _check_rows(attempt: Attempt) -> None:
    found = await attempt.analytics.query(
        "SELECT greatest(num_rows, total_uncompressed_size) AS n"
        f" FROM {place_of(attempt)}, 'ParquetMetadata')",
        settings={"log_queries": 0},
        comment=attempt.comment,
    )
    # A value said once can stand for any number of rows, each of which costs a byte at least.
    limit = limit_bytes(attempt.context.settings, attempt.claim.size_bytes)
    if int(str(found.one()["n"])) > limit:
        raise unpacks_to_too_much(limit)


async def _columns(attempt: Attempt) -> dict[str, str]:
    asked = Layout(format="Parquet", labels=(), columns=())
    found = await attempt.analytics.query(
        f"DESCRIBE TABLE {place_of(attempt)}, 'Parquet')",
        settings=read_settings(asked, await attempt.analytics.cores()),
        comment=attempt.comment,
    )
    return {str(row[0]): str(row[1]) for row in found.rows}
