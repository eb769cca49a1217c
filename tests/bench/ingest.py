"""The ingest of a file against the insert a user would write by hand, in the same engine.

Both run in turn on the same file, from the same state: no rows, no merges, nothing dirty. The bare
reference lets the CSV parser type the cells, and checks nothing.
"""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from server.datasets.sql import quoted
from server.datasets.tables import columns
from server.files.lifecycle import Stage
from server.files.models import File
from tests.bench.data import Sample
from tests.bench.report import Measure
from tests.bench.rig import COMMENT, Rig, truncate

_BARE = "bare"
# One run of each before those that count: who is the first to touch memory pays for it, on a
# virtual machine a second and more, whoever it is.
_UNCOUNTED = -1
_OPTIONS: Mapping[str, object] = {"maxRejectedRatio": 0.5}


async def compare(
    rig: Rig, part: str, sample: Sample, reference: Path, *, size: str, runs: int, bar: str
) -> Measure:
    """Return the seconds from our job's start to Completed, and of a bare insert.

    Completed is when readers see every row; what the job tidies away after that is told beside it.

    Args:
        rig: where.
        part: its name in the report.
        sample: what we ingest; the counts that come out are held to it.
        reference: what the bare insert reads, of as many rows; the sample itself, or its clean
            twin when the sample has rows that would stop the insert.
        size: what the caller called the size.
        runs: how often; who goes first changes with every run.
        bar: what is asked of it.
    """
    await create_bare(rig)
    ours: list[float] = []
    bare: list[float] = []
    stages: list[dict[str, float]] = []
    for run in range(_UNCOUNTED, runs):
        if run % 2:
            insert_seconds = await bare_insert(rig, reference, sample.rows)
            seconds, file = await _ingest(rig, sample)
        else:
            seconds, file = await _ingest(rig, sample)
            insert_seconds = await bare_insert(rig, reference, sample.rows)
        if run < 0:
            continue
        ours.append(_seconds_to_completed(file))
        bare.append(insert_seconds)
        stages.append(_stages(file, seconds))
    spent = {name: median(stage[name] for stage in stages) for name in stages[0]}
    return Measure(
        part=part,
        case=f"{size}, {sample.rows:,} rows",
        unit="s",
        ours=ours,
        bare=bare,
        bar=bar,
        note="  ".join(f"{name} {seconds:.3f} s" for name, seconds in spent.items()),
        detail={
            "sizeBytes": sample.size_bytes,
            "rows": sample.rows,
            "rowsBad": sample.rows_bad,
            "stages": stages,
        },
    )


async def _ingest(rig: Rig, sample: Sample) -> tuple[float, File]:
    file_id = await rig.send(sample.path, _OPTIONS)
    await rig.quiet()
    seconds = await rig.ingest(file_id)
    file = await rig.record(file_id)
    check(file, sample)
    await rig.remove(file)
    return seconds, file


def check(file: File, sample: Sample) -> None:
    """Hold the outcome to the sample: a fast wrong answer is none."""
    assert file.is_at is Stage.COMPLETED, f"{file.stage}: {file.failure}"
    statistics = file.statistics or {}
    found = [statistics.get(name) for name in ("rowsTotal", "rowsInserted", "rowsRejected")]
    expected = [sample.rows, sample.rows - sample.rows_bad, sample.rows_bad]
    assert found == expected, f"rows {found}, expected {expected}: {file.issues}"


async def create_bare(rig: Rig) -> None:
    """Create the table of the bare insert where it is missing."""
    own = columns(rig.dataset)[: len(rig.dataset.columns)]
    defined = ", ".join(f"{name} {kind}" for name, kind in own)
    moment = rig.dataset.event_time
    await rig.analytics.command(
        f"CREATE TABLE IF NOT EXISTS {rig.analytics.database}.{_BARE} ({defined})"
        f" ENGINE = MergeTree PARTITION BY toYYYYMM({moment}) ORDER BY {moment}",
        comment=COMMENT,
    )


async def bare_insert(rig: Rig, path: Path, rows: int, *, is_quiet: bool = True) -> float:
    """Return the seconds of an insert as a user would write it.

    Args:
        rig: where.
        path: a CSV file.
        rows: how many it has.
        is_quiet: whether our own tables are emptied before.
    """
    table = f"{rig.analytics.database}.{_BARE}"
    await truncate(rig.analytics, _BARE)
    # The object that our job reads was written just now; neither shall wait for the disk.
    await asyncio.to_thread(_read_through, path)
    if is_quiet:
        await rig.quiet()
    began = time.perf_counter()
    await rig.analytics.command(
        f"INSERT INTO {table} SELECT * FROM file({quoted(str(path))}, CSVWithNames)",
        settings={"max_partitions_per_insert_block": 10_000},
        comment=COMMENT,
    )
    seconds = time.perf_counter() - began
    found = await rig.analytics.query(f"SELECT count() AS n FROM {table}", comment=COMMENT)
    assert found.one()["n"] == rows, found.one()
    await truncate(rig.analytics, _BARE)
    return seconds


def _read_through(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(2**20):
            pass


def _stages(file: File, seconds: float) -> dict[str, float]:
    """Return where the job's time went, until it returned."""
    durations = (file.statistics or {}).get("durations")
    assert isinstance(durations, dict)
    inspect, load = durations["inspectSeconds"], durations["loadSeconds"]
    to_completed = _seconds_to_completed(file)
    return {
        "inspect": inspect,
        "load": load,
        "publish": round(to_completed - inspect - load, 3),
        "tidy": round(seconds - to_completed, 3),
    }


def _seconds_to_completed(file: File) -> float:
    assert file.started_at is not None
    assert file.completed_at is not None
    return (file.completed_at - file.started_at).total_seconds()
