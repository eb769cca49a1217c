"""What a file costs: CPU and disk, for `compose/SCALING.md`. A process of its own for each size.

CPU and not seconds, since it hardly depends on who else is at work: from the job's start until it
returns, engine included, then for merging each month of both tables into one part. What is on disk
after that is the most there will be: until then history and current share parts of a file.
"""

import resource
from pathlib import Path
from typing import Final

from server.datasets.tables import current_table, history_table
from tests.bench.alone import Found, tell, told_alone
from tests.bench.data import Sample, write_sample
from tests.bench.ingest import check
from tests.bench.report import Measure
from tests.bench.rig import COMMENT, Rig, rig

_WARM_UP_ROWS: Final = 1000
_MILLION: Final = 10**6


def measure(sample: Sample, home: Path, *, size: str) -> Measure:
    """Return the CPU seconds that a million rows of a clean sample take, until Completed."""
    found = told_alone("tests.bench.sizing", sample, home)
    ingest, merge = found["ingestCpuSeconds"], found["mergeCpuSeconds"]
    return Measure(
        part="sizing",
        case=f"{size}, {sample.rows:,} rows",
        unit="s",
        ours=[ingest / sample.rows * _MILLION],
        note=f"CPU a million rows; {merge / sample.rows * _MILLION:.1f} s more for merges;"
        f" {sample.rows / ingest:,.0f} rows and {sample.size_bytes / ingest / 10**6:.0f} MB"
        f" a second and core; on disk {found['historyBytes'] / sample.size_bytes:.2f} (history)"
        f" + {found['currentBytes'] / sample.size_bytes:.2f} (current) of the bytes sent",
        detail={**found, "sizeBytes": sample.size_bytes, "rows": sample.rows},
    )


async def _run(sample: Sample, home: Path) -> Found:
    async with rig(home / "appliance") as parts:
        small = home / "warm-up.csv"
        warm = await write_sample(
            parts.analytics, parts.dataset, small, rows=_WARM_UP_ROWS, has_bad_rows=False
        )
        await parts.ingest(await parts.send(warm.path, {}))
        await parts.quiet()
        file_id = await parts.send(sample.path, {})
        began = _cpu_seconds()
        await parts.ingest(file_id)
        ingested = _cpu_seconds()
        check(await parts.record(file_id), sample)
        tables = current_table(parts.dataset), history_table(parts.dataset)
        for table in tables:
            await parts.analytics.command(
                f"OPTIMIZE TABLE {parts.analytics.database}.{table} FINAL", comment=COMMENT
            )
        merged = _cpu_seconds()
        current, history = [await _bytes_on_disk(parts, table) for table in tables]
    return {
        "ingestCpuSeconds": ingested - began,
        "mergeCpuSeconds": merged - ingested,
        "currentBytes": current,
        "historyBytes": history,
    }


async def _bytes_on_disk(parts: Rig, table: str) -> int:
    found = await parts.analytics.query(
        "SELECT sum(bytes_on_disk) AS bytes FROM system.parts"
        " WHERE active AND database = {database:String} AND table = {table:String}",
        parameters={"database": parts.analytics.database, "table": table},
        comment=COMMENT,
    )
    return int(str(found.one()["bytes"]))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    tell(_run)
