"""Ids of files and of their events: made here, and read back from a path."""

from uuid import UUID

from uuid_utils.compat import uuid7

from server.errors import FileNotFound


def new_id() -> UUID:
    """Return a UUIDv7: its order is the order of making."""
    return UUID(int=uuid7().int)


def parse_file_id(text: str) -> UUID:
    """Return the id that stands in a path.

    Raises:
        FileNotFound: the text is no id in the form we give out; answered like an unknown one, so
            that the difference tells nothing.
    """
    try:
        file_id = UUID(text)
    except ValueError as fault:
        raise FileNotFound from fault
    if str(file_id) != text.lower():
        raise FileNotFound
    return file_id
