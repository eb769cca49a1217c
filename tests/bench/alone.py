"""An ingest in a process of its own: what the process uses is then what the ingest uses."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from server.telemetry.logs import configure_logs
from tests.bench.data import Sample

_ROOT = Path(__file__).resolve().parents[2]

Found = dict[str, float]


def told_alone(module: str, sample: Sample, home: Path) -> Found:
    """Return what a module of `tests/bench/` tells of a clean sample, run by itself."""
    command = [sys.executable, "-m", module, str(sample.path), str(sample.rows), str(home)]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def tell(run: Callable[[Sample, Path], Awaitable[Found]]) -> None:
    """Be that process: run, with the arguments FILE ROWS HOME, and print what is found as JSON."""
    path, rows, home = sys.argv[1:]
    configure_logs(log_format="json", level="ERROR")

    async def found() -> Found:
        return await run(Sample(Path(path), int(rows), 0), Path(home))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(json.dumps(runner.run(found())) + "\n")
