"""What callers send and see of mappings: every field, its form and its limits.

Comes before `rules.py`, which judges what is well formed.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from server.datasets.dates import VOCABULARY
from server.datasets.mapping import Mapping
from server.files.answers import Answer, NextPage
from server.files.schemas import Body

MAX_SAMPLE_BYTES = 2**16
# A mapping is written by hand or in a form; what is longer is data, not a mapping.
MAX_WORDS_BYTES = 2**16
MAX_TRIAL_ROWS = 100
# Judged of a Parquet file, about as many as 64 KiB of text are.
MAX_PARQUET_ROWS = 500
# Its footer stands at its end, so all of it is read for a trial; whoever has more sends a part.
MAX_PARQUET_BYTES = 2**26

_PLAIN = r"^[^\x00]*$"  # NUL is the one character PostgreSQL cannot keep
_Label = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_PLAIN)]
_Column = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=_PLAIN)]
_Text = Annotated[str, StringConstraints(max_length=1000, pattern=_PLAIN)]
_Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PLAIN)]
_Form = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _listed(forms: object) -> object:
    return [forms] if isinstance(forms, str) else forms


_Forms = Annotated[list[_Form], BeforeValidator(_listed), Field(min_length=1, max_length=10)]


class MappingRequest(Body):
    """A mapping: how the words of a team's own export become those of a dataset."""

    name: str = Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        description="What `options.mapping` of an upload names; one of its own in the workspace",
    )
    dataset_type: str = Field(min_length=1, max_length=64, description="A dataset's name")
    columns: dict[_Label, _Column | None] = Field(
        default_factory=dict,
        max_length=500,
        description="Header label → column; null leaves the label out. Labels that are not named"
        " here stand for the columns of their own name",
    )
    constants: dict[_Column, _Text] = Field(
        default_factory=dict, max_length=200, description="Column → text of every row"
    )
    values: dict[_Column, dict[_Text, _Text]] = Field(
        default_factory=dict,
        max_length=200,
        description="Column → text as sent → text as judged; compared exactly, others stay",
    )
    date_formats: dict[_Column, _Forms] = Field(
        default_factory=dict,
        max_length=50,
        description=f"Column → the only form or forms of its texts, made of {VOCABULARY}",
    )
    zone: _Zone | None = Field(
        default=None, description="IANA zone of local times whose row names none; else UTC"
    )
    zone_abbreviations: dict[_Zone, _Zone] = Field(
        default_factory=dict,
        max_length=100,
        description="Abbreviation in the zone column → IANA zone: CET → Europe/Berlin",
    )
    header: list[_Label] | None = Field(
        default=None,
        max_length=1000,
        description="All labels of the header it was made for; else those of `columns`",
    )

    @property
    def labels(self) -> list[str]:
        """Return the labels by which a header is recognised."""
        return self.header if self.header is not None else list(self.columns)

    def as_mapping(self) -> Mapping:
        """Return what judging reads."""
        return Mapping(
            columns=self.columns,
            constants=self.constants,
            values=self.values,
            date_formats={column: tuple(forms) for column, forms in self.date_formats.items()},
            zone=self.zone,
            zone_abbreviations=self.zone_abbreviations,
        )


class TrialRequest(Body):
    """A sample to try a mapping on: a text, or the beginning of a file that was sent."""

    text: str | None = Field(
        default=None, min_length=1, max_length=MAX_SAMPLE_BYTES, description="Up to 64 KiB"
    )
    type: Literal["csv", "tsv", "jsonl"] = Field(default="csv", description="What the text is")
    file_id: str | None = Field(
        default=None,
        max_length=36,
        description="A file of this workspace whose bytes are there: 64 KiB of a text are judged,"
        f" {MAX_PARQUET_ROWS} rows of a Parquet file of up to {MAX_PARQUET_BYTES} bytes",
    )
    rows: int = Field(
        default=20, ge=1, le=MAX_TRIAL_ROWS, description="How many rows to show; all are judged"
    )


class UnsavedTrialRequest(TrialRequest):
    """The same, with a mapping that is not saved."""

    mapping: MappingRequest


class Uncovered(Answer):
    """A required column that the file itself has to name."""

    column: str
    detail: str


class MappingAnswer(Answer):
    """A version of a mapping."""

    id: str
    name: str
    version: int
    """The one shown; the newest unless another was asked for."""
    dataset_type: str
    columns: dict[str, str | None]
    constants: dict[str, str]
    values: dict[str, dict[str, str]]
    date_formats: dict[str, list[str]]
    zone: str | None
    zone_abbreviations: dict[str, str]
    header: list[str] | None
    header_fingerprint: str
    warnings: list[Uncovered]
    """Required columns that are neither mapped nor constant."""
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class MappingPage(Answer):
    """One page of mappings, newest first."""

    results: list[MappingAnswer]
    links: NextPage


class LabelRead(Answer):
    """A label of the sample's header, and the column it stands for; null is not loaded."""

    label: str
    column: str | None


class HeaderTried(Answer):
    """How the sample's header meets the dataset's columns."""

    labels: list[LabelRead]
    fingerprint: str
    matched: list[str]
    missing: list[str]
    missing_required: list[str]
    unknown: list[str]
    ignored: list[str]
    suggestions: dict[str, str]


class RowIssueTried(Answer):
    """What is wrong with a row."""

    code: str
    severity: str
    column: str | None
    message: str


class RowTried(Answer):
    """One row of the sample: its cells as sent by label, and what would be stored of them."""

    row_number: int
    verdict: Literal["good", "rejected", "skipped"]
    cells: dict[str, str]
    values: dict[str, str | None] | None
    """By column, as text; null for a row that would not load."""
    issues: list[RowIssueTried]


class IssuesTried(Answer):
    """One kind of issue in one column: how often, and where first."""

    code: str
    severity: str
    column: str | None
    count: int
    first_row_number: int
    message: str


class TrialAnswer(Answer):
    """What a file that begins like the sample would meet; nothing was loaded or kept.

    Rows are judged each for itself: keys that occur twice are found in whole files only.
    """

    failure: dict[str, object] | None
    """Why the file would fail before its rows are judged; else null."""
    header: HeaderTried | None
    delimiter: str | None
    is_whole: bool
    """False when the sample is only the beginning of a file; its last row may be left out."""
    rows_judged: int
    rows_good: int
    rows_rejected: int
    rows_skipped: int
    issues: list[IssuesTried]
    rows: list[RowTried]


def document_of(document: dict[str, object]) -> MappingRequest:
    """Return what was saved, as it was sent."""
    return MappingRequest.model_validate(document)


def parse_mapping_id(text: str) -> UUID | None:
    """Return the id that stands in a path or a request; None for a text that is none."""
    try:
        mapping_id = UUID(text)
    except ValueError:
        return None
    return mapping_id if str(mapping_id) == text.lower() else None
