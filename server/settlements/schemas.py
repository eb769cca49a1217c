"""What callers send and see of the sources of record."""

from datetime import UTC
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.settlements.models import LABEL_LENGTH
from server.settlements.service import Source

Label = Annotated[str, Field(max_length=LABEL_LENGTH)]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class SourceRequest(_Shape):
    """Which dataset is to count for an account."""

    provider: Annotated[Label, Field(min_length=1)]
    account: Label
    dataset_type: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        description="Null: the dataset of the account's earliest file, by itself"
    )


class ReportSchema(_Shape):
    """The published files of one dataset that tell of the account."""

    dataset_type: str
    first_uploaded_at: str


class SourceSchema(_Shape):
    """An account and its source of record."""

    provider: str
    account: str
    dataset_type: str = Field(description="The dataset whose rows count")
    is_chosen: bool = Field(description="False: it is the dataset of the account's earliest file")
    reports: list[ReportSchema] = Field(description="All that tell of the account, earliest first")

    @classmethod
    def of(cls, source: Source) -> "SourceSchema":
        """Return what callers see of the source."""
        return cls(
            provider=source.account.provider,
            account=source.account.account,
            dataset_type=source.dataset_type,
            is_chosen=source.is_chosen,
            reports=[
                ReportSchema(
                    dataset_type=report.dataset_type,
                    first_uploaded_at=report.first_uploaded_at.astimezone(UTC)
                    .isoformat(timespec="milliseconds")
                    .replace("+00:00", "Z"),
                )
                for report in source.reports
            ],
        )


class SourceLinks(_Shape):
    """Where to go on; relative to the host."""

    next: str | None


class SourceListSchema(_Shape):
    """A page of sources, by provider and account."""

    results: list[SourceSchema]
    links: SourceLinks
