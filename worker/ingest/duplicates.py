"""Keys that occur more than once in one file, where the dataset has one row per key.

Identical copies after the first are duplicates and drop out; rows of one key with different
content are all set aside as `ambiguous-key`. Looked for in hash buckets, so that memory is
bounded; a file without them, which is nearly every one, pays for one count.
"""

import math
from dataclasses import dataclass

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode
from server.datasets.judging import Layout, load_statement, read_settings
from server.datasets.provision import ZONES
from server.datasets.tables import GOOD
from server.files.claims import Claim
from worker.ingest import staging
from worker.ingest.staging import Staging

# About 300 MB of hash table at the most.
_KEYS_PER_BUCKET = 4_000_000


@dataclass(frozen=True)
class Doubled:
    """How many rows dropped out as copies, and how many were set aside."""

    duplicates: int = 0
    ambiguous: int = 0


async def settle(
    analytics: Analytics,
    claim: Claim,
    dataset: Dataset,
    layout: Layout,
    tables: Staging,
    source: str,
    comment: str,
) -> Doubled:
    """Take doubled keys out of the staging table; return how many rows that concerned."""
    if dataset.rows_per_key == "many":
        return Doubled()
    good = f"FROM {tables.rows} WHERE _verdict = {GOOD}"
    rows = int(
        str((await analytics.query(f"SELECT count() AS n {good}", comment=comment)).one()["n"])
    )
    buckets = max(1, math.ceil(rows / _KEYS_PER_BUCKET))
    marks = tables.scratch("marks")
    marked = False
    for bucket in range(buckets):
        within = f"{good} AND _key % {buckets} = {bucket}"
        doubled = await analytics.query(
            f"SELECT count() - uniqExact(_key) AS n {within}", comment=comment
        )
        if doubled.one()["n"] == 0:
            continue
        if not marked:
            marked = True
            await staging.drop(analytics, marks, comment)
            await analytics.command(
                f"CREATE TABLE {marks} (row UInt64, ambiguous UInt8)"
                " ENGINE = MergeTree ORDER BY row",
                comment=comment,
            )
        await _mark(analytics, dataset, marks, within, comment)
    if not marked:
        return Doubled()
    await _rewrite(analytics, claim, dataset, layout, tables, source, comment)
    counted = await analytics.query(
        f"SELECT countIf(ambiguous = 0) AS copies, countIf(ambiguous = 1) AS aside FROM {marks}",
        comment=comment,
    )
    found = counted.one()
    return Doubled(int(str(found["copies"])), int(str(found["aside"])))


async def _mark(
    analytics: Analytics, dataset: Dataset, marks: str, within: str, comment: str
) -> None:
    content = ", ".join(column.name for column in dataset.columns)
    await analytics.command(
        f"INSERT INTO {marks} SELECT row, contents > 1 FROM ("
        " SELECT groupArray(_row) AS rows, min(_row) AS first,"
        f" uniqExact(sipHash128(toString(({content})))) AS contents {within}"
        f" AND _key IN (SELECT _key {within} GROUP BY _key HAVING count() > 1) GROUP BY _key"
        ") ARRAY JOIN rows AS row WHERE contents > 1 OR row != first",
        comment=comment,
    )


async def _rewrite(
    analytics: Analytics,
    claim: Claim,
    dataset: Dataset,
    layout: Layout,
    tables: Staging,
    source: str,
    comment: str,
) -> None:
    marks = tables.scratch("marks")
    touched = await analytics.query(
        f"SELECT DISTINCT _partition_id AS id FROM {tables.rows}"
        f" WHERE _verdict = {GOOD} AND _row IN (SELECT row FROM {marks}) ORDER BY id",
        comment=comment,
    )
    for (partition,) in touched.rows:
        await staging.keep_only(
            analytics,
            tables,
            tables.rows,
            str(partition),
            condition=f"_row NOT IN (SELECT row FROM {marks})",
            comment=comment,
        )
    # The ambiguous rows are read again, with their cells: clean rows are staged without them.
    await analytics.command(
        load_statement(
            dataset,
            layout,
            source=source,
            target=tables.rows,
            aside=(IssueCode.AMBIGUOUS_KEY, f"SELECT row FROM {marks} WHERE ambiguous = 1"),
        ),
        parameters={
            "workspace": claim.workspace_id,
            "file": str(claim.file_id),
            "attempt": claim.attempt,
            "uploaded_at": claim.uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "zone": "UTC",
            "zones": f"{analytics.database}.{ZONES}",
        },
        settings=read_settings(layout),
        comment=comment,
    )
