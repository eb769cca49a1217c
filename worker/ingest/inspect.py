"""Stage one: look at the first and last bytes of the pinned object, and fail early.

Comes after the claim (`worker/jobs.py`), before `load.py`. Milliseconds whatever the size: what is
wrong with the kind of file, its encoding or its header is told before a row is read.
"""

import hashlib
from dataclasses import dataclass, field, replace

from server.datasets.declaration import Dataset
from server.datasets.header import Alignment
from server.datasets.layout import Layout
from server.datasets.template import csv_text
from server.files.claims import Claim
from server.files.contents import HEAD_BYTES, look
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, find_layout
from server.files.parquet import ParquetFile, parquet_layout
from server.files.policy import CAMT053, size_limit_bytes
from server.files.tolerance import part_of_a_report
from server.mappings.used import mapping_used
from worker.context import Context
from worker.ingest.attempt import Attempt
from worker.ingest.camt_rows import LABELS
from worker.ingest.pinned import chunks, read_pinned
from worker.ingest.place import place_of
from worker.ingest.repair import Repair, repair_of

_CHUNK_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Inspection:
    """What is known of a file before its rows are read."""

    layout: Layout
    alignment: Alignment
    compression: str | None
    encoding: str
    tail: bytes
    """The last bytes, to tell a quote that was never closed; empty for compressed files."""
    sha256: str | None = None
    repair: Repair = field(default_factory=Repair)
    """Whose rejected rows these are, and which mapping they are read with."""
    is_whole: bool = False
    """True when the whole file was looked at."""
    has_blank_lines: bool = False
    """True when that met a blank line."""
    records: int | None = None
    """Lines that are not blank, where they had to be counted (`json_lines.py`)."""
    is_statement: bool = False
    """True for camt.053, which is turned into CSV."""

    @property
    def needs_transcoding(self) -> bool:
        """Return whether ClickHouse, which reads UTF-8 only, could not read it as it is."""
        return self.encoding.startswith("utf-16") or self.encoding == "cp1252"

    @property
    def is_derived(self) -> bool:
        """Return whether what is read is not what was sent, but made of it."""
        return self.is_statement or self.needs_transcoding


async def inspect(context: Context, claim: Claim, dataset: Dataset) -> Inspection:
    """Return how the file is to be read.

    Raises:
        FileFailed: the file is not one of this dataset, or not all of one; the code says why.
        StorageUnavailable: the store did not answer.
        ObjectMissing: the pinned version is not there.
    """
    _check_size(context, claim)
    if (refusal := part_of_a_report(dataset, claim.name)) is not None:
        raise refusal
    sha256 = await _check_sum(context, claim)
    is_statement = claim.file_type == CAMT053
    head = await read_pinned(context, claim, offset_bytes=0, length_bytes=HEAD_BYTES)
    contents = look(
        head,
        is_whole=len(head) >= claim.size_bytes,
        wants_cp1252=claim.options.get("encoding") == "cp1252",
        is_binary=is_statement or claim.file_type == "parquet",
    )
    if is_statement:
        # Of what it will be turned into, no more than the header is known here.
        contents = replace(contents, encoding="utf-8", text=csv_text([LABELS]), is_whole=True)
    repair = await repair_of(context, claim, contents.text)
    mapping = await mapping_used(context.units, repair.mapping)
    if claim.file_type == "parquet":
        attempt = Attempt(context, claim, dataset)
        layout, alignment = await parquet_layout(
            ParquetFile(place_of(attempt), claim.size_bytes, head),
            dataset,
            mapping,
            analytics=attempt.analytics,
            settings=context.settings,
            comment=attempt.comment,
        )
        check_header(dataset, alignment)
    else:
        layout, alignment = find_layout(
            dataset, contents, file_type=claim.file_type, mapping=mapping
        )
    tail = b""
    if contents.compression is None and not is_statement:
        length = min(claim.size_bytes, context.settings.max_record_bytes)
        place = claim.size_bytes - length
        tail = await read_pinned(context, claim, offset_bytes=place, length_bytes=length)
    if layout.is_by_lines and (is_statement or b'"' in tail):
        layout = replace(layout, is_by_lines=False)
    return Inspection(
        layout,
        alignment,
        contents.compression,
        contents.encoding,
        tail,
        sha256,
        repair,
        is_whole=contents.is_whole,
        has_blank_lines=bool(contents.blank_lines),
        is_statement=is_statement,
    )


def _check_size(context: Context, claim: Claim) -> None:
    if claim.size_bytes == 0:
        raise FileFailed(FailureCode.EMPTY_FILE, "The file that arrived has no bytes.")
    limit = size_limit_bytes(context.settings, in_parts=claim.is_in_parts)
    if claim.size_bytes > limit:
        detail = f"{claim.size_bytes} bytes arrived; {limit} are taken."
        raise FileFailed(FailureCode.TOO_LARGE, detail)
    declared = claim.declared_size_bytes
    if declared is not None and declared != claim.size_bytes:
        detail = f"{declared} bytes were announced, {claim.size_bytes} arrived."
        raise FileFailed(FailureCode.SIZE_MISMATCH, detail)


async def _check_sum(context: Context, claim: Claim) -> str | None:
    if claim.declared_sha256 is None:
        return None
    # The one check of bytes that only we can make; in chunks, so memory stays flat.
    digest = hashlib.sha256()
    async for chunk in chunks(context, claim, _CHUNK_BYTES):
        digest.update(chunk)
    found = digest.hexdigest()
    if found != claim.declared_sha256.lower():
        detail = "The SHA-256 of what arrived is not the announced one."
        raise FileFailed(FailureCode.CHECKSUM_MISMATCH, detail)
    return found
