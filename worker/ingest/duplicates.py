"""Keys that occur more than once in one file, where the dataset has one row per key.

Identical copies after the first are duplicates and drop out; rows of one key with different
content are all set aside as `ambiguous-key`, unless a version column decides: then the row of the
highest version is taken, and the older ones drop out as copies do. Looked for in hash buckets, so
that memory is bounded; a file without them, which is nearly every one, pays for one count.
"""

import math
from dataclasses import dataclass

from server.datasets.column import ColumnType
from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode
from server.datasets.layout import Layout
from server.datasets.tables import GOOD
from worker.ingest.attempt import Attempt
from worker.ingest.keys import KEYS_PER_BUCKET, in_bucket
from worker.ingest.removal import Lost, remove
from worker.ingest.rows import stage_aside
from worker.ingest.source import Source


@dataclass(frozen=True)
class Doubled:
    """How many rows dropped out as copies, and how many were set aside."""

    duplicates: int = 0
    ambiguous: int = 0


async def settle_doubled_keys(attempt: Attempt, layout: Layout, source: Source) -> Doubled:
    """Take doubled keys out of the staged rows; return how many rows that concerned."""
    if attempt.dataset.rows_per_key == "many":
        return Doubled()
    good = f"{attempt.staged} WHERE _verdict = {GOOD}"
    buckets = math.ceil(await attempt.count(good) / KEYS_PER_BUCKET)
    marks: str | None = None
    for bucket in range(buckets):
        within = f"{good} AND {in_bucket(bucket, buckets)}"
        if await _has_doubled(attempt, within):
            marks = marks or await attempt.create_list(
                "marks", "row UInt64, ambiguous UInt8", "row"
            )
            await _mark(attempt, marks, within)
    if marks is None:
        return Doubled()
    lost = Lost(f"_verdict = {GOOD} AND _row IN (SELECT row FROM {marks})")
    await remove(attempt, attempt.staged, [lost])
    counted = await attempt.query(
        f"SELECT countIf(ambiguous = 0) AS copies, countIf(ambiguous = 1) AS aside FROM {marks}"
    )
    found = counted.one()
    result = Doubled(int(str(found["copies"])), int(str(found["aside"])))
    if result.ambiguous:
        # Clean rows are staged without their cells.
        rows = f"SELECT row FROM {marks} WHERE ambiguous = 1"
        await stage_aside(attempt, layout, source, rows=rows, issue=IssueCode.AMBIGUOUS_KEY)
    return result


async def _has_doubled(attempt: Attempt, within: str) -> bool:
    # Half of a key is counted in half the time; only where two are alike the whole is looked at.
    for key in ("toUInt64(_key)", "_key"):
        found = await attempt.query(f"SELECT count() - uniqExact({key}) AS n FROM {within}")
        if not found.one()["n"]:
            return False
    return True


async def _mark(attempt: Attempt, marks: str, within: str) -> None:
    content = ", ".join(column.name for column in attempt.dataset.columns)
    await attempt.run(
        f"INSERT INTO {marks} SELECT row, contents > 1 FROM ("
        f" SELECT groupArray((_row, {_version(attempt.dataset)},"
        f" sipHash128(toString(({content}))))) AS met, arrayMax(m -> m.2, met) AS newest,"
        " arrayFilter(m -> m.2 = newest, met) AS top, arrayMin(m -> m.1, top) AS first,"
        f" length(arrayDistinct(arrayMap(m -> m.3, top))) AS contents FROM {within}"
        f" AND _key IN (SELECT _key FROM {within} GROUP BY _key HAVING count() > 1) GROUP BY _key"
        ") ARRAY JOIN arrayMap(m -> m.1, met) AS row WHERE contents > 1 OR row != first"
    )


def _version(dataset: Dataset) -> str:
    """Return the number that decides between rows of one key; an empty one is the lowest."""
    if dataset.version_column is None:
        return "toInt64(0)"
    column = dataset.column(dataset.version_column)
    is_moment = column.type is ColumnType.DATETIME
    number = f"toUnixTimestamp64Micro({column.name})" if is_moment else column.name
    return f"ifNull({number}, {-(2**63)})"
