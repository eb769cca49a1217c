"""The memory of one ingest, in a process of its own: `python -m tests.bench.memory FILE ROWS HOME`.

Python's own peak while the job runs (store and worker; not the engine, which does not allocate
through Python), and what the kernel says of the whole process afterwards, engine included.
"""

import gc
import tracemalloc
from pathlib import Path

from tests.bench.alone import Found, tell, told_alone
from tests.bench.data import Sample
from tests.bench.ingest import check
from tests.bench.report import Measure
from tests.bench.rig import rig

_MIB = 2**20


def measure(sample: Sample, home: Path, *, size: str) -> Measure:
    """Return the peak of Python's memory during one ingest of a clean sample."""
    found = told_alone("tests.bench.memory", sample, home)
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


async def _run(sample: Sample, home: Path) -> Found:
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


if __name__ == "__main__":
    tell(_run)
