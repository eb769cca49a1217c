"""Steps that are gone through again and again; one that fails keeps no other from running."""

import traceback
from collections.abc import Awaitable, Callable, Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.errors import AdapterError
from server.telemetry.metrics import RECONCILED, STEPS_FAILED

logger = structlog.get_logger(__name__)

Step = Callable[[], Awaitable[None]]


class Rounds:
    """Goes through steps, and tells of trouble when it begins, not every round.

    Args:
        name: of the rounds, e.g. `sweep`; the log calls their trouble `sweep.interrupted`.
        steps: by their names.
    """

    def __init__(self, name: str, steps: Mapping[str, Step]) -> None:
        self._name = name
        self._steps = steps
        self._troubled: dict[str, str] = {}
        for step in steps:
            STEPS_FAILED.labels(round=name, step=step)

    async def go(self) -> None:
        """Go through all steps once; whatever one of them raises, the others go on."""
        for name, step in self._steps.items():
            try:
                await step()
                self._troubled.pop(name, None)
            except Exception as fault:  # noqa: BLE001 - a border: one odd row must not end the worker
                self._tell(name, fault)

    def _tell(self, step: str, fault: Exception) -> None:
        STEPS_FAILED.labels(round=self._name, step=step).inc()
        cause = type(fault).__name__
        if self._troubled.get(step) == cause:
            return
        self._troubled[step] = cause
        event = f"{self._name}.interrupted"
        if isinstance(fault, SQLAlchemyError | AdapterError | OSError):
            logger.warning(event, step=step, cause=cause)
            return
        # Never its text: it may quote a cell. Where it was raised is what somebody needs.
        frames = traceback.extract_tb(fault.__traceback__)[-4:]
        where = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames]
        logger.error(event, step=step, cause=cause, where=where)


def tell_repaired(kind: str, count: int = 1, **facts: object) -> None:
    """Count and log something that was left behind and is put right now."""
    RECONCILED.labels(kind=kind).inc(count)
    logger.warning("reconcile.repaired", kind=kind, count=count, **facts)
