"""The worker's sign of life: a file that is touched while the event loop turns.

`python -m worker.pulse FOLDER` ends with 0 while it does; a container's health check.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

_NAME: Final = "worker.alive"
_PAUSE_SECONDS: Final = 2.0
# Longer than any sane pause of the loop, shorter than an operator's patience.
_STALE_SECONDS: Final = 20.0


async def beat(home: Path) -> None:
    """Touch the file until cancelled."""
    while True:
        _touch(home / _NAME)
        await asyncio.sleep(_PAUSE_SECONDS)


def _touch(sign: Path) -> None:
    sign.parent.mkdir(parents=True, exist_ok=True)
    sign.touch()


def is_alive(home: Path) -> bool:
    """Return whether the file was touched lately."""
    try:
        touched = (home / _NAME).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - touched < _STALE_SECONDS


if __name__ == "__main__":
    sys.exit(0 if is_alive(Path(sys.argv[1])) else 1)
