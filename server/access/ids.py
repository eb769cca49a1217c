"""Ids of this room's things as they come in by addresses."""

from uuid import UUID

from server.errors import NotFound


def parse_id(text: str) -> UUID:
    """Return the id.

    Raises:
        NotFound: it is none: for the caller that is the same as an unknown one.
    """
    try:
        return UUID(text)
    except ValueError as fault:
        raise NotFound from fault
