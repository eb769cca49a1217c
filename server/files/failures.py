"""Why a file can end as Failed: every code, its sentence, whose fault it is, and what to do.

The codes are public. The ingest raises `FileFailed`;
`worker/outcomes.py` writes it into the file's record. Nothing here ever quotes a cell: details are
built from numbers, column names and kinds.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FailureCode(StrEnum):
    """The codes, in the order of the contract."""

    UPLOAD_EXPIRED = "upload-expired"
    CANCELLED = "cancelled"
    TOO_LARGE = "too-large"
    SIZE_MISMATCH = "size-mismatch"
    CHECKSUM_MISMATCH = "checksum-mismatch"
    EMPTY_FILE = "empty-file"
    NOT_TEXT = "not-text"
    ENCODING_ERROR = "encoding-error"
    COMPRESSION_ERROR = "compression-error"
    DECOMPRESSION_LIMIT = "decompression-limit"
    HEADER_MISSING = "header-missing"
    HEADER_MISMATCH = "header-mismatch"
    HEADER_DUPLICATE = "header-duplicate"
    STRUCTURE_ERROR = "structure-error"
    ROW_TOO_LONG = "row-too-long"
    TOO_MANY_REJECTED = "too-many-rejected"
    ABORTED_ON_ERROR = "aborted-on-error"
    CONTROL_TOTAL_MISMATCH = "control-total-mismatch"
    PAN_DETECTED = "pan-detected"
    SENSITIVE_COLUMN = "sensitive-column"
    OBJECT_CHANGED = "object-changed"
    OBJECT_MISSING = "object-missing"
    STORAGE_UNAVAILABLE = "storage-unavailable"
    ANALYTICS_UNAVAILABLE = "analytics-unavailable"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Failure:
    """What is always true of a failure code."""

    title: str
    """One constant sentence in plain words, without a final stop."""
    advice: str
    """What to do about it."""
    is_ours: bool = False
    """True when the file is not to blame: retried by itself, and an operator can retry."""


_SEND_AGAIN = "Correct the file and send it again as a new one."
_RETRY = "Nothing is wrong with the file: retry it once the appliance is well."

FAILURES = MappingProxyType(
    {
        FailureCode.UPLOAD_EXPIRED: Failure(
            "No file arrived before the upload URL expired",
            "Ask for a new upload URL and send the file to it.",
        ),
        FailureCode.CANCELLED: Failure(
            "The upload was cancelled", "Ask for a new upload URL if the file is to be sent."
        ),
        FailureCode.TOO_LARGE: Failure(
            "The file is larger than this appliance takes",
            "Split the file, compress it, or ask the operator for a higher limit.",
        ),
        FailureCode.SIZE_MISMATCH: Failure(
            "The file that arrived is not of the announced size",
            "The upload was cut short or another file was sent. Send it again as a new one.",
        ),
        FailureCode.CHECKSUM_MISMATCH: Failure(
            "The file that arrived does not have the announced checksum",
            "Another file was sent, or it changed on the way. Send it again as a new one.",
        ),
        FailureCode.EMPTY_FILE: Failure(
            "The file is empty", "Send a file with a header and its rows."
        ),
        FailureCode.NOT_TEXT: Failure(
            "The file is not a table of text", "Export the data as CSV and send that."
        ),
        FailureCode.ENCODING_ERROR: Failure(
            "The file is not valid UTF-8",
            "Export it as UTF-8, or ask for the encoding cp1252 when that is what it is.",
        ),
        FailureCode.COMPRESSION_ERROR: Failure(
            "The compressed file is damaged or cut short",
            "Compress the file anew and send it again as a new one.",
        ),
        FailureCode.DECOMPRESSION_LIMIT: Failure(
            "The compressed file unpacks to more than this appliance takes",
            "Split the file, or send it without compression.",
        ),
        FailureCode.HEADER_MISSING: Failure(
            "The first line holds no header of this dataset",
            "Put the column names into the first line; the dataset's template shows them.",
        ),
        FailureCode.HEADER_MISMATCH: Failure(
            "The header lacks columns that this dataset requires",
            "Add the missing columns, name them as the dataset does, or map your own names to its "
            "columns when you send the file.",
        ),
        FailureCode.HEADER_DUPLICATE: Failure(
            "The header names a column twice", "Keep one of the columns of that name."
        ),
        FailureCode.STRUCTURE_ERROR: Failure(
            "The file cannot be read as rows and cells", _SEND_AGAIN
        ),
        FailureCode.ROW_TOO_LONG: Failure(
            "A row of the file is longer than any real one",
            "Look for a quote that is never closed near that row, and send the file again.",
        ),
        FailureCode.TOO_MANY_REJECTED: Failure(
            "Too many rows of the file were rejected",
            "Repair the rejected rows and send the file again.",
        ),
        FailureCode.ABORTED_ON_ERROR: Failure(
            "A row was rejected, and the file was to load as a whole or not at all",
            "Repair the rejected rows and send the file again.",
        ),
        FailureCode.CONTROL_TOTAL_MISMATCH: Failure(
            "The file's totals are not the expected ones",
            "Compare the totals with their source, then send the right file.",
        ),
        FailureCode.PAN_DETECTED: Failure(
            "The file holds full card numbers",
            "Remove the card numbers; only their last four digits may be sent.",
        ),
        FailureCode.SENSITIVE_COLUMN: Failure(
            "The file holds a column that must never be sent",
            "Remove the column and send the file again.",
        ),
        FailureCode.OBJECT_CHANGED: Failure(
            "The stored file changed while it was read", "Send the file again as a new one."
        ),
        FailureCode.OBJECT_MISSING: Failure(
            "The stored file is not in the object storage any more",
            "Restore the object, then retry; or send the file again as a new one.",
            is_ours=True,
        ),
        FailureCode.STORAGE_UNAVAILABLE: Failure(
            "The object storage did not answer", _RETRY, is_ours=True
        ),
        FailureCode.ANALYTICS_UNAVAILABLE: Failure(
            "The analytics database did not answer", _RETRY, is_ours=True
        ),
        FailureCode.INTERNAL: Failure("The appliance failed on this file", _RETRY, is_ours=True),
    }
)


DESTROYING = frozenset({FailureCode.PAN_DETECTED, FailureCode.SENSITIVE_COLUMN})
"""Failures after which the file's bytes may not be kept."""


class FileFailed(Exception):
    """The end of a file as Failed.

    Args:
        code: which failure.
        detail: this occurrence in one sentence, without any cell's text; the title when empty.
        extras: typed members of the public failure, in snake_case (`row_number=17`,
            `missing=["amount"]`); they come out in camelCase.
    """

    def __init__(self, code: FailureCode, detail: str = "", **extras: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail or f"{FAILURES[code].title}."
        self.extras = extras

    @property
    def is_ours(self) -> bool:
        """Return True when the file is not to blame."""
        return FAILURES[self.code].is_ours

    def as_json(self) -> dict[str, object]:
        """Return the public form: `{code, title, detail, retryable, …}`."""
        known = FAILURES[self.code]
        return {
            "code": str(self.code),
            "title": known.title,
            "detail": self.detail,
            "retryable": known.is_ours,
            **{_camel_case(name): value for name, value in self.extras.items()},
        }


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
