"""What the guarantees cost: publishing and undoing over a large table, against a bare insert.

A file of new keys, and one of corrections, over a current table that holds a whole sample. Ours is
the publish step alone (judging is measured by `ingest.py`), and the whole of an undo; bare is an
insert of the same rows, which replaces nothing and can be taken back by nobody.
"""

import csv
import itertools
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.access.principal import Principal
from server.access.scopes import ALL_SCOPES
from tests.bench.data import Sample
from tests.bench.ingest import bare_insert, create_bare
from tests.bench.report import Measure
from tests.bench.rig import Rig
from worker import jobs

ROWS: Final = 10_000
_KEY: Final = "transaction_id"


@dataclass(frozen=True)
class _Taken:
    """Seconds that one file took."""

    publish: float
    undo: float


async def compare(rig: Rig, sample: Sample, folder: Path, *, size: str, runs: int) -> list[Measure]:
    """Return the seconds of publishing and undoing small files over the sample.

    Args:
        rig: where; its tables are emptied first.
        sample: what current holds.
        folder: for the small files.
        size: what the caller called the sample's size.
        runs: how often.
    """
    await create_bare(rig)
    await rig.quiet()
    name = f"bench-{secrets.token_hex(4)}"
    principal = Principal(name, "key:bench", ALL_SCOPES, "bench")
    await rig.ingest(await rig.send(sample.path, {"maxRejectedRatio": 0.5}, principal))
    measures: list[Measure] = []
    for case, prefix in (("new keys", "new-"), ("corrections", "")):
        rows = min(ROWS, sample.rows)
        taken = [
            await _publish_and_undo(rig, _cut(sample.path, folder, rows, prefix), principal)
            for _ in range(runs)
        ]
        small = _cut(sample.path, folder, rows, prefix)
        bare = [await bare_insert(rig, small, rows, is_quiet=False) for _ in range(runs)]
        told = f"{rows:,} rows of {case} over {sample.rows:,} ({size})"
        measures += [
            Measure("publish", f"publish {told}", "s", [one.publish for one in taken], bare, ""),
            Measure("publish", f"undo {told}", "s", [one.undo for one in taken], bare, ""),
        ]
    return measures


async def _publish_and_undo(rig: Rig, path: Path, principal: Principal) -> _Taken:
    # Wanted although it has been there: it was undone.
    file_id = await rig.send(path, {"allowDuplicate": True}, principal)
    await rig.ingest(file_id)
    durations = (await rig.record(file_id)).statistics or {}
    spent = durations["durations"]
    assert isinstance(spent, dict)
    await rig.parts.files.undo(principal, file_id)
    began = time.perf_counter()
    await jobs.undo(rig.context, file_id)
    undo_seconds = time.perf_counter() - began
    file = await rig.record(file_id)
    assert file.undone_at is not None
    await rig.remove(file)
    return _Taken(float(spent["publishSeconds"]), undo_seconds)


def _cut(path: Path, folder: Path, rows: int, prefix: str) -> Path:
    """Write the first rows of a file, with a prefix before each key."""
    target = folder / f"{prefix}{rows}.csv"
    with path.open(newline="") as source, target.open("w", newline="") as small:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(small, reader.fieldnames or [], lineterminator="\n")
        writer.writeheader()
        for row in itertools.islice(reader, rows):
            writer.writerow({**row, _KEY: f"{prefix}{row[_KEY]}"})
    return target
