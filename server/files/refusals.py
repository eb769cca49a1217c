"""What a route of files may answer besides success, for OpenAPI."""

from itertools import groupby

from litestar.openapi.datastructures import ResponseSpec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.errors import ApplianceError, Forbidden, RateLimited, Unauthenticated, Unavailable


class FaultTold(BaseModel):
    """One fault in a request."""

    pointer: str
    code: str
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; one of those in the description of the response")
    request_id: str
    errors: list[FaultTold]


# What any route under /analytics may answer.
_ALWAYS: tuple[type[ApplianceError], ...] = (Unauthenticated, Forbidden, RateLimited, Unavailable)


def refusals(*errors: type[ApplianceError]) -> dict[int, ResponseSpec]:
    """Return the responses of a route that may raise these errors, by status."""
    ordered = sorted({*errors, *_ALWAYS}, key=lambda error: (error.status, error.code))
    return {
        status: ResponseSpec(
            Problem,
            description=", ".join(f"`{error.code}`" for error in same),
            media_type="application/problem+json",
            generate_examples=False,
        )
        for status, same in groupby(ordered, key=lambda error: error.status)
    }
