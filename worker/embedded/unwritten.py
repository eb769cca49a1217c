"""Definitions of tables that a full disk cut to nothing: with one the engine starts no more.

Comes before the engine is opened. The engine says "done" when it creates a table on a disk that is
full to the last byte, and refuses its whole folder at the next start.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import structlog

from worker.embedded.household import CannotStart

logger = structlog.get_logger(__name__)


def drop_unwritten(folder: Path, is_passing: Callable[[str], bool]) -> None:
    """Remove the empty definitions of tables that some run made for itself.

    Args:
        folder: the engine's; need not be there.
        is_passing: whether a table of that name is some run's own.

    Raises:
        CannotStart: the table is one that lasts; its rows are still there.
    """
    for path in folder.glob("store/*/*/*.sql"):
        if path.stat().st_size:
            continue
        table = unquote(path.stem)
        if not is_passing(table):
            message = (
                f"The definition of the table {table} ({path}) is empty: the disk was full when it "
                "was written. Its rows are still there; restore that one file from a backup."
            )
            raise CannotStart(message)
        path.unlink()
        logger.warning("engine.unwritten-dropped", table=table)
