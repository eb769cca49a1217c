"""Stage one: look at the first and last bytes of the pinned object, and fail early.

Comes after the claim (`worker/jobs.py`), before `load.py`. Milliseconds whatever the size: what is
wrong with the kind of file, its encoding or its header is told before a row is read.
"""

import csv
import hashlib
import io
import json
from dataclasses import dataclass, replace
from uuid import UUID

from server.datasets.declaration import Dataset
from server.datasets.header import Alignment, align, sensitive
from server.datasets.layout import Layout
from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from server.files.policy import size_limit_bytes
from worker.context import Context
from worker.ingest.contents import Contents, look
from worker.ingest.repair import reported_file

_HEAD_BYTES = 2**18
_CHUNK_BYTES = 8 * 2**20
_DELIMITERS = (",", ";", "\t", "|")
# A JSON line names its own columns; as many lines are looked at for their names.
_JSON_LINES = 200


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
    reported: UUID | None = None
    """The file whose rejected rows these say they are."""

    @property
    def needs_transcoding(self) -> bool:
        """Return whether ClickHouse, which reads UTF-8 only, could not read it as it is."""
        return self.encoding.startswith("utf-16") or self.encoding == "cp1252"


async def inspect(context: Context, claim: Claim, dataset: Dataset) -> Inspection:
    """Return how the file is to be read.

    Raises:
        FileFailed: the file is not one of this dataset; the code says why.
        StorageUnavailable: the store did not answer.
        ObjectMissing: the pinned version is not there.
    """
    _check_size(context, claim)
    sha256 = await _check_sum(context, claim)
    head = await context.storage.read_range(
        claim.object_key,
        version_id=claim.object_version,
        offset_bytes=0,
        length_bytes=_HEAD_BYTES,
    )
    contents = look(
        head,
        is_whole=len(head) >= claim.size_bytes,
        wants_cp1252=claim.options.get("encoding") == "cp1252",
        is_binary=claim.file_type == "parquet",
    )
    if claim.file_type == "jsonl":
        layout, alignment = _json_layout(dataset, contents)
    else:
        layout, alignment = _csv_layout(dataset, contents, claim)
    tail = b""
    if contents.compression is None:
        length = min(claim.size_bytes, context.settings.max_record_bytes)
        tail = await context.storage.read_range(
            claim.object_key,
            version_id=claim.object_version,
            offset_bytes=claim.size_bytes - length,
            length_bytes=length,
        )
    if layout.is_by_lines and b'"' in tail:
        layout = replace(layout, is_by_lines=False)
    return Inspection(
        layout,
        alignment,
        contents.compression,
        contents.encoding,
        tail,
        sha256,
        reported_file(contents.text, layout),
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
    for offset in range(0, claim.size_bytes, _CHUNK_BYTES):
        digest.update(
            await context.storage.read_range(
                claim.object_key,
                version_id=claim.object_version,
                offset_bytes=offset,
                length_bytes=_CHUNK_BYTES,
            )
        )
    found = digest.hexdigest()
    if found != claim.declared_sha256.lower():
        detail = "The SHA-256 of what arrived is not the announced one."
        raise FileFailed(FailureCode.CHECKSUM_MISMATCH, detail)
    return found


def _csv_layout(dataset: Dataset, contents: Contents, claim: Claim) -> tuple[Layout, Alignment]:
    delimiters = ("\t",) if claim.file_type == "tsv" else _DELIMITERS
    best: tuple[Alignment, str, int] | None = None
    for delimiter in delimiters:
        place, labels = _first_record(contents, delimiter)
        alignment = align(dataset, labels)
        # By the header's match with the dataset, never by guessing from rows.
        if best is None or len(alignment.matched) > len(best[0].matched):
            best = (alignment, delimiter, place)
    if best is None:
        raise FileFailed(FailureCode.HEADER_MISSING, "The file has no first line.")
    alignment, delimiter, place = best
    _check_header(dataset, alignment)
    is_old_mac = "\n" not in contents.text and "\r" in contents.text
    settings: dict[str, object] = {"input_format_csv_allow_cr_end_of_line": 1} if is_old_mac else {}
    layout = Layout(
        format="CSV",
        labels=alignment.labels,
        columns=alignment.columns,
        delimiter=delimiter,
        header_place=place,
        settings=settings,
        is_by_lines='"' not in contents.text and not is_old_mac,
        ends_lines_with_cr="\r" in contents.text,
    )
    return layout, alignment


def _first_record(contents: Contents, delimiter: str) -> tuple[int, list[str]]:
    """Return the place (0-based) and the labels of the first record that is not blank."""
    text = contents.text
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for place, record in enumerate(reader):
            if not any(cell.strip() for cell in record):
                continue
            if record[0].startswith("sep=") and not any(record[1:]):
                continue  # Excel's hint for itself: `sep=;` is two cells to the delimiter it names
            if not contents.is_whole and lines.tell() >= len(text):
                detail = f"The first line is longer than {_HEAD_BYTES} bytes."
                raise FileFailed(FailureCode.ROW_TOO_LONG, detail, row_number=0)
            return place, record
    except csv.Error as fault:
        detail = "The header cannot be read as cells."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=0) from fault
    raise FileFailed(FailureCode.HEADER_MISSING, "The file holds blank lines only.")


def _json_layout(dataset: Dataset, contents: Contents) -> tuple[Layout, Alignment]:
    lines = [line for line in contents.text.splitlines() if line.strip()]
    if not contents.is_whole and len(lines) > 1:
        lines.pop()
    if not lines:
        raise FileFailed(FailureCode.HEADER_MISSING, "The file holds blank lines only.")
    labels: dict[str, None] = {}
    for number, line in enumerate(lines[:_JSON_LINES], start=1):
        try:
            record = json.loads(line)
        except ValueError as fault:
            detail = f"Line {number} is not JSON."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=number) from fault
        if not isinstance(record, dict):
            detail = f"Line {number} is not a JSON object."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=number)
        labels.update(dict.fromkeys(str(label) for label in record))
    alignment = align(dataset, list(labels))
    _check_header(dataset, alignment)
    # A nameless cell cannot be read, and names with an underscore are the engine's own.
    read = [
        (label, column)
        for label, column in zip(alignment.labels, alignment.columns, strict=True)
        if label and not label.startswith("_")
    ]
    layout = Layout(
        format="JSONEachRow",
        labels=tuple(label for label, _ in read),
        columns=tuple(column for _, column in read),
    )
    return layout, alignment


def _check_header(dataset: Dataset, alignment: Alignment) -> None:
    if labels := sensitive(alignment.labels):
        detail = f"Not loaded, and the stored file was destroyed: {', '.join(labels)}."
        raise FileFailed(FailureCode.SENSITIVE_COLUMN, detail, columns=labels)
    if not alignment.matched:
        names = ", ".join(column.name for column in dataset.columns if column.required)
        detail = f"None of the columns of {dataset.name} is named; it requires {names}."
        raise FileFailed(FailureCode.HEADER_MISSING, detail)
    if alignment.doubled:
        names = ", ".join(alignment.doubled)
        detail = f"More than one column of the file stands for: {names}."
        raise FileFailed(FailureCode.HEADER_DUPLICATE, detail, columns=list(alignment.doubled))
    if alignment.missing_required:
        names = ", ".join(alignment.missing_required)
        raise FileFailed(
            FailureCode.HEADER_MISMATCH,
            f"The header lacks: {names}.",
            missing=list(alignment.missing_required),
            suggestions=dict(alignment.suggestions),
        )
