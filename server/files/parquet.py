"""Which columns a Parquet file has, as ClickHouse reads them from its footer.

Used by the ingest's inspection and by the trial of a mapping. A Parquet file names and types its
columns itself; what their values mean is judged like any other file's, from their texts
(`server/datasets/typed.py`).
"""

from dataclasses import dataclass, replace

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.header import Alignment
from server.datasets.layout import Layout, read_settings
from server.datasets.mapping import Mapping
from server.errors import QueryRejected
from server.files.failures import FailureCode, FileFailed
from server.files.framing import lay_out_records
from server.files.unpacked import limit_bytes, unpacks_to_too_much
from server.settings import Settings

_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"
# Its footer stands at its end, so ClickHouse keeps in memory what comes over HTTP.
_MOST_BYTES = 2**30


@dataclass(frozen=True)
class ParquetFile:
    """A stored file that says it is one."""

    call: str
    """The beginning of the table function that reads it. Holds a secret: never logged."""
    size_bytes: int
    head: bytes
    """Its first bytes."""


async def parquet_layout(
    file: ParquetFile,
    dataset: Dataset,
    mapping: Mapping | None,
    *,
    analytics: Analytics,
    settings: Settings,
    comment: str,
) -> tuple[Layout, Alignment]:
    """Return how the file's columns are read, and how they meet the dataset.

    Args:
        file: which.
        dataset: whose columns are looked for.
        mapping: what is said of its labels and texts.
        analytics: what reads it.
        settings: the limits.
        comment: what marks the statements.

    Raises:
        FileFailed: structure-error, too-large, decompression-limit.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    _check_kind(file)
    try:
        await _check_rows(file, analytics, comment, limit_bytes(settings, file.size_bytes))
        kinds = await _columns(file, analytics, comment)
    except QueryRejected:
        detail = "The Parquet file is damaged or ends too early: its footer cannot be read."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail) from None
    layout, alignment = lay_out_records(dataset, "Parquet", list(kinds), mapping)
    kinds_read = tuple(kinds[label] for label in layout.labels)
    return replace(layout, kinds=kinds_read), alignment


def _check_kind(file: ParquetFile) -> None:
    if file.head.startswith(_ENCRYPTED):
        detail = "The Parquet file is encrypted. Send it without encryption."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    if not file.head.startswith(_MAGIC):
        detail = "The file is no Parquet file. Send it as what it is: csv, tsv or jsonl."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    if file.size_bytes > _MOST_BYTES:
        detail = f"Parquet is taken up to {_MOST_BYTES} bytes; split the file, or send it as CSV."
        raise FileFailed(FailureCode.TOO_LARGE, detail)


async def _check_rows(file: ParquetFile, analytics: Analytics, comment: str, limit: int) -> None:
    found = await analytics.query(
        "SELECT greatest(num_rows, total_uncompressed_size) AS n"
        f" FROM {file.call}, 'ParquetMetadata')",
        settings={"log_queries": 0},
        comment=comment,
    )
    # A value said once can stand for any number of rows, each of which costs a byte at least.
    if int(str(found.one()["n"])) > limit:
        raise unpacks_to_too_much(limit)


async def _columns(file: ParquetFile, analytics: Analytics, comment: str) -> dict[str, str]:
    asked = Layout(format="Parquet", labels=(), columns=())
    found = await analytics.query(
        f"DESCRIBE TABLE {file.call}, 'Parquet')",
        settings=read_settings(asked, await analytics.cores()),
        comment=comment,
    )
    return {str(row[0]): str(row[1]) for row in found.rows}
