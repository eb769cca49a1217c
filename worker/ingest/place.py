"""Where ClickHouse reads an object: the beginning of a table function's call. Holds a secret."""

from datetime import timedelta

from server.datasets.sql import quoted
from worker.ingest.attempt import Attempt


def place_of(attempt: Attempt, key: str | None = None, version: str | None = None) -> str:
    """Return the table function and its first argument, without what follows; never logged.

    Args:
        attempt: whose object.
        key: of another object, derived from it.
        version: of that.
    """
    claim, context = attempt.claim, attempt.context
    place = context.originals.place(
        key or claim.object_key,
        version or claim.object_version,
        expires_in=timedelta(seconds=context.settings.job_timeout_seconds),
    )
    return f"{place.function}({quoted(place.address)}"
