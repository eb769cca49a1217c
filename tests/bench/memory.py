"""The memory of one ingest, in a process of its own: `python -m tests.bench.memory FILE ROWS HOME`.

Python's own peak while the job runs (store and worker; not the engine, which does not allocate
through Python), and what the kernel says of the whole process afterwards, engine included.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import click
import uvloop

from server.telemetry.logs import configure_logs
from tests.bench.data import Sample
from tests.bench.ingest import check
from tests.bench.report import Measure
from tests.bench.rig import rig

_ROOT = Path(__file__).resolve().parents[2]
_MIB = 2**20


def measure(sample: Sample, home: Path, *, size: str) -> Measure:
    """Return the peak of Python's memory during one ingest of a clean sample."""
    command = [sys.executable, "-m", "tests.bench.memory", str(sample.path), str(sample.rows)]
    done = subprocess.run(
        [*command, str(home)], cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return Measure(
        part="memory",
        case=f"{size}, {sample.rows:,} rows",
        unit="MiB",
        ours=[found["pythonPeakMiB"]],
        bar="flat from 10 MB to 5 GB",
        note=f"whole process with engine: {found['rssMiB']:.0f} MiB after,"
        f" {found['peakRssMiB']:.0f} MiB at its peak",
        detail=found,
    )


async def _run(sample: Sample, home: Path) -> dict[str, float]:
    async with rig(home) as parts:
        file_id = await parts.send(sample.path, {})
        gc.collect()
        tracemalloc.start()
        await parts.ingest(file_id)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        check(await parts.record(file_id), sample)
    return {
        "pythonPeakMiB": round(peak / _MIB, 3),
        "rssMiB": _kernel_says("VmRSS"),
        "peakRssMiB": _kernel_says("VmHWM"),
    }


def _kernel_says(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith(name))
    return round(int(kib) / 1024, 1)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("rows", type=int)
@click.argument("home", type=click.Path(path_type=Path))
def main(path: Path, rows: int, home: Path) -> None:
    """Ingest the file and print what it took as JSON."""
    configure_logs(log_format="json", level="ERROR")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(_run(Sample(path, rows, 0), home))
    click.echo(json.dumps(found))


if __name__ == "__main__":
    main()
