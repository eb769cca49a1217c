"""What the head of a file says of its rows: how they are cut, and which label is which column.

Comes after `contents.py`; used by the ingest's inspection and by the trial of a mapping. Nothing
is guessed from rows.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

from server.datasets.card_numbers import holds_card_number
from server.datasets.declaration import Dataset
from server.datasets.header import Alignment, align, sensitive
from server.datasets.layout import Layout
from server.datasets.mapping import Mapping
from server.files.contents import HEAD_BYTES, Contents
from server.files.failures import FailureCode, FileFailed
from server.files.security_codes import security_codes

DELIMITERS = (",", ";", "\t", "|")


def find_layout(
    dataset: Dataset, contents: Contents, *, file_type: str, mapping: Mapping | None = None
) -> tuple[Layout, Alignment]:
    """Return how the file is cut into cells, and how its header meets the dataset.

    As `lay_out`, for a header that is held to the dataset.

    Args:
        dataset: whose columns are looked for.
        contents: the head of the file.
        file_type: as the request has it.
        mapping: what is said of its labels and texts.

    Raises:
        FileFailed: header-missing, header-mismatch, header-duplicate, sensitive-column,
            structure-error, row-too-long.
    """
    layout, alignment = lay_out(dataset, contents, file_type=file_type, mapping=mapping)
    check_header(dataset, alignment)
    if labels := security_codes(contents, layout):
        raise _holds_security_codes(labels)
    return layout, alignment


def lay_out(
    dataset: Dataset, contents: Contents, *, file_type: str, mapping: Mapping | None = None
) -> tuple[Layout, Alignment]:
    """Return the same for any header.

    Raises:
        FileFailed: header-missing, structure-error, row-too-long.
    """
    if file_type == "jsonl":
        layout, alignment = _json_layout(dataset, contents, mapping)
    else:
        layout, alignment = _csv_layout(dataset, contents, file_type, mapping)
    return replace(layout, mapping=mapping), alignment


def _csv_layout(
    dataset: Dataset, contents: Contents, file_type: str, mapping: Mapping | None
) -> tuple[Layout, Alignment]:
    delimiters = ("\t",) if file_type == "tsv" else DELIMITERS
    best: tuple[Alignment, str, int] | None = None
    for delimiter in delimiters:
        place, labels = _first_record(contents, delimiter)
        alignment = align(dataset, labels, mapping)
        # By the header's match with the dataset, never by guessing from rows.
        if best is None or len(alignment.matched) > len(best[0].matched):
            best = (alignment, delimiter, place)
    if best is None:
        raise FileFailed(FailureCode.HEADER_MISSING, "The file has no first line.")
    alignment, delimiter, place = best
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
                detail = f"The first line is longer than {HEAD_BYTES} bytes."
                raise FileFailed(FailureCode.ROW_TOO_LONG, detail, row_number=0)
            return place, record
    except csv.Error as fault:
        detail = "The header cannot be read as cells."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=0) from fault
    raise FileFailed(FailureCode.HEADER_MISSING, "The file holds blank lines only.")


def _json_layout(
    dataset: Dataset, contents: Contents, mapping: Mapping | None
) -> tuple[Layout, Alignment]:
    lines = [(n, line) for n, line in enumerate(contents.lines, start=1) if line.strip()]
    if not contents.is_whole and len(lines) > 1:
        lines.pop()
    if not lines:
        raise FileFailed(FailureCode.HEADER_MISSING, "The file holds blank lines only.")
    labels: dict[str, None] = {}
    for number, line in lines:
        try:
            record = json.loads(line)
        except ValueError as fault:
            detail = f"Line {number} is not one JSON object; every line has to be one."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=number) from fault
        if not isinstance(record, dict):
            detail = f"Line {number} is not a JSON object; every line has to be one."
            raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, row_number=number)
        labels.update(dict.fromkeys(str(label) for label in record))
    return lay_out_records(dataset, "JSONEachRow", list(labels), mapping)


def lay_out_records(
    dataset: Dataset, kind: str, labels: Sequence[str], mapping: Mapping | None
) -> tuple[Layout, Alignment]:
    """Return the layout of records that name their own columns, and how these meet the dataset.

    Args:
        dataset: whose columns are looked for.
        kind: ClickHouse's input format.
        labels: the names that occur in the records.
        mapping: what is said of them.
    """
    alignment = align(dataset, labels, mapping)
    # A nameless cell cannot be read, and names with an underscore are the engine's own.
    read = [
        (label, column)
        for label, column in zip(alignment.labels, alignment.columns, strict=True)
        if label and not label.startswith("_")
    ]
    layout = Layout(
        format=kind,
        labels=tuple(label for label, _ in read),
        columns=tuple(column for _, column in read),
        mapping=mapping,
    )
    return layout, alignment


def _holds_security_codes(labels: list[str]) -> FileFailed:
    detail = f"Not loaded, and the stored file was destroyed: {', '.join(labels)}."
    return FileFailed(FailureCode.SENSITIVE_COLUMN, detail, columns=labels)


def check_header(dataset: Dataset, alignment: Alignment) -> None:
    """Return when a file with that header can be judged.

    Raises:
        FileFailed: pan-detected, sensitive-column, header-missing, header-duplicate,
            header-mismatch.
    """
    if any(holds_card_number(label) for label in alignment.labels):
        detail = "A full card number stands in the header. The stored file was destroyed."
        raise FileFailed(FailureCode.PAN_DETECTED, detail, columns=[], row_number=0)
    if labels := sensitive(alignment.labels):
        raise _holds_security_codes(labels)
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
            labels=[label.strip() for label in alignment.labels if label.strip()],
            suggestions=dict(alignment.suggestions),
        )
