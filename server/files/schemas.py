"""What callers may send about files: every field, its form and its limits.

The field list is that of the public contract. Comes before `policy.py`, which judges what is well
formed; what callers get back is in `answers.py`.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from server.datasets.card_numbers import holds_card_number

_UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
# What no file system, log line or header takes well: path separators and control characters.
_NOT_IN_A_NAME = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")
# The smallest part but the last that S3 takes, and the largest.
MIN_PART_BYTES = 5 * 2**20
MAX_PART_BYTES = 5 * 2**30
MAX_PARTS = 10_000


class Body(BaseModel):
    """A part of a request: camelCase, nothing unknown, nothing converted in silence."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
    )


def without_card_number(text: str) -> str:
    """Return a text that may be stored; the fault never quotes it."""
    if holds_card_number(text):
        kind, sentence = "pan_detected", "a full card number may not be sent, nor stand in a name"
        raise PydanticCustomError(kind, sentence)
    return text


# NUL is the one character PostgreSQL cannot keep.
_Key = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
_Value = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]


class FileAsked(Body):
    """The file that is to be sent."""

    name: str = Field(
        min_length=1,
        max_length=255,
        description="File name: no `/`, `\\` or control characters",
        examples=["testprovider_transactions_2025-01-01.csv"],
    )
    type: str = Field(
        min_length=1, max_length=32, description="csv, tsv, jsonl, parquet or camt053"
    )
    size_bytes: int | None = Field(
        default=None, ge=1, description="Size in bytes; checked against what arrives"
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="SHA-256 of the bytes in hex; checked against what arrives",
    )

    @field_validator("name")
    @classmethod
    def _has_no_separators(cls, name: str) -> str:
        if _NOT_IN_A_NAME.search(name):
            kind, sentence = "file_name", "a file name holds no '/', '\\' or control character"
            raise PydanticCustomError(kind, sentence)
        return without_card_number(name)


class ExpectedTotal(Body):
    """A total that must come out, over the rows that would load."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")
    count: int = Field(ge=0, description="Number of rows")
    amount: str = Field(
        pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,18})?$",
        description="Plain sum of the amount column, as a decimal string",
    )


class Options(Body):
    """How the file is to be judged and loaded; what is left out follows the dataset."""

    on_error: Literal["quarantine", "abort"] | None = Field(
        default=None,
        description="quarantine: good rows load; abort: one bad row fails the file",
    )
    max_rejected_ratio: float | None = Field(
        default=None, ge=0, le=1, description="Above it the file fails and nothing loads"
    )
    dry_run: bool = Field(default=False, description="Judge and report, load nothing")
    allow_duplicate: bool = Field(
        default=False, description="Load the file even when the same bytes were imported before"
    )
    encoding: Literal["utf-8", "utf-16", "cp1252"] | None = Field(
        default=None, description="cp1252 is read only when asked for"
    )
    mapping: str | None = Field(
        default=None, min_length=1, max_length=100, description="Name or id of a saved mapping"
    )
    expected_totals: list[ExpectedTotal] | None = Field(
        default=None, min_length=1, max_length=200, description="Totals that must come out"
    )
    repair_of: str | None = Field(
        default=None,
        pattern=_UUID,
        description="Id of the file whose rejected rows this one brings back",
    )


class MultipartAsked(Body):
    """The file comes in parts of this size, the last one smaller."""

    part_size_bytes: int = Field(
        ge=MIN_PART_BYTES, le=MAX_PART_BYTES, description="Size of every part but the last (bytes)"
    )


class UploadRequest(Body):
    """The body of `POST /analytics/files/upload`."""

    dataset_type: str = Field(
        min_length=1, max_length=64, description="A dataset of the catalogue", examples=["orders"]
    )
    file: FileAsked
    options: Options = Field(default_factory=Options)
    metadata: dict[_Key, _Value] = Field(
        default_factory=dict, max_length=20, description="Up to 20 pairs of the caller's own"
    )
    multipart: MultipartAsked | None = Field(
        default=None, description="Resumable upload in parts; needs file.sizeBytes"
    )

    @field_validator("metadata")
    @classmethod
    def _holds_no_card_number(cls, metadata: dict[str, str]) -> dict[str, str]:
        # Of the whole, because a fault of a key would name the key.
        for text in (*metadata, *metadata.values()):
            without_card_number(text)
        return metadata

    def options_as_sent(self) -> dict[str, object]:
        """Return the options that were given, in the form they were given."""
        return self.options.model_dump(by_alias=True, exclude_unset=True, exclude_none=True)


class PartSent(Body):
    """A part that was PUT, with the ETag the store answered."""

    part_number: int = Field(ge=1, le=MAX_PARTS)
    etag: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]*$")


class CompleteRequest(Body):
    """The body of `POST …/complete`: empty, or the parts of a multipart upload."""

    parts: list[PartSent] | None = Field(default=None, min_length=1, max_length=MAX_PARTS)
