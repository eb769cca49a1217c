"""Steps that are gone through again and again; one that fails keeps no other from running."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import AdapterError
from server.telemetry.metrics import RECONCILED

logger = structlog.get_logger(__name__)

Step = Callable[[], Awaitable[None]]


class Rounds:
    """Goes through steps, and tells of trouble when it begins, not every round.

    Args:
        event: what the log calls trouble, e.g. `sweep.interrupted`.
        steps: by their names.
    """

    def __init__(self, event: str, steps: Mapping[str, Step]) -> None:
        self._event = event
        self._steps = steps
        self._troubled: set[str] = set()

    async def go(self) -> None:
        """Go through all steps once."""
        for name, step in self._steps.items():
            try:
                await step()
                self._troubled.discard(name)
            except (SQLAlchemyError, AdapterError, OSError) as fault:
                if name not in self._troubled:
                    logger.warning(self._event, step=name, cause=type(fault).__name__)
                self._troubled.add(name)


def tell_repaired(kind: str, count: int = 1, **facts: object) -> None:
    """Count and log something that was left behind and is put right now."""
    RECONCILED.labels(kind=kind).inc(count)
    logger.warning("reconcile.repaired", kind=kind, count=count, **facts)
