"""What callers of the insights routes are told; field names are those of the contract."""

from dataclasses import dataclass

from server.insights.cells import Cell, time_text
from server.insights.panel import Panel
from server.insights.service import Answer


@dataclass(frozen=True)
class PanelSchema:
    """One panel in the list."""

    panel: str
    title: str
    description: str
    filters: list[str]
    """Query parameters the panel knows; others are ignored."""
    volatile: bool
    """True when the rows also depend on the clock or on file records."""

    @classmethod
    def of(cls, panel: Panel) -> "PanelSchema":
        """Return the panel as callers see it."""
        return cls(
            panel=panel.panel,
            title=panel.title,
            description=panel.description,
            filters=[name.value for name in panel.filters],
            volatile=panel.is_volatile,
        )


@dataclass(frozen=True)
class PanelLinks:
    """All panels stand on one page."""

    next: str | None


@dataclass(frozen=True)
class PanelListSchema:
    """Every panel there is."""

    results: list[PanelSchema]
    links: PanelLinks


@dataclass(frozen=True)
class ColumnSchema:
    """One column of the rows."""

    name: str
    type: str
    unit: str | None


@dataclass(frozen=True)
class AnswerSchema:
    """What a panel shows; decimals are text, times RFC 3339 in UTC, buckets local dates."""

    panel: str
    columns: list[ColumnSchema]
    rows: list[list[Cell]]
    asOf: str  # noqa: N815 - the contract's name
    elapsedSeconds: float  # noqa: N815 - the contract's name
    notice: str | None
    """Why the data cannot answer; null when it can."""

    @classmethod
    def of(cls, answer: Answer) -> "AnswerSchema":
        """Return the answer as callers see it."""
        return cls(
            panel=answer.panel.panel,
            columns=[
                ColumnSchema(column.name, column.type.value, column.unit and column.unit.value)
                for column in answer.columns
            ],
            rows=[list(row) for row in answer.rows],
            asOf=time_text(answer.as_of),
            elapsedSeconds=answer.elapsed_seconds,
            notice=answer.notice,
        )
