"""The time, as a value that is handed in, so that tests can turn the hands."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present, aware UTC."""


def utc_now() -> datetime:
    """Return the present from the host's clock."""
    return datetime.now(UTC)
