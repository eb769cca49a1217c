"""What callers send and see about exemptions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from server.exemptions.models import CardExemption
from server.files.answers import Answer, NextPage
from server.files.schemas import Body

_Reason = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=1000, strip_whitespace=True, pattern=r"^[^\x00]*[^\x00\s]"
    ),
]


class ExemptionAsked(Body):
    """The body of `POST …/card-exemptions`."""

    column: Annotated[str, StringConstraints(min_length=1, max_length=255)] = Field(
        description="A column of the dataset, or the label of another one as the files have it"
    )
    reason: _Reason = Field(description="Why numbers in it are none, or may be kept")


class ExemptionAnswer(Answer):
    """A decision about a column."""

    column: str
    is_exempt: bool
    reason: str
    decided_by: str
    decided_at: datetime

    @classmethod
    def of(cls, decision: CardExemption) -> "ExemptionAnswer":
        """Return what callers see of a decision."""
        return cls(
            column=decision.column_name,
            is_exempt=decision.is_exempt,
            reason=decision.reason,
            decided_by=decision.decided_by,
            decided_at=decision.decided_at,
        )


class ExemptionPage(Answer):
    """What is exempt now, and every decision that led there, oldest first; always one page."""

    results: list[ExemptionAnswer]
    history: list[ExemptionAnswer]
    links: NextPage
