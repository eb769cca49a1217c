"""What current shall be for some keys: current = resolve(history, published files).

A pure function of the history table and the set of published (file, attempt): the newest file's
rows win, by arrival, whatever the order of processing. Used to count what a reprocessed file
changes, and to fill keys when a file is taken back (`undo.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from server.datasets.tables import GOOD
from server.files.claims import Claim
from server.files.models import File
from server.unit_of_work import UnitOfWork
from worker.ingest.attempt import Attempt
from worker.ingest.keys import Keys, Part

FILE_ORDER: Final = "UUIDToNum(_file)"
"""What decides between files of one millisecond: the id as it is written. ClickHouse by itself
compares the second half of a UUID first, and so would disagree with the database."""


@dataclass(frozen=True)
class Published:
    """A file whose rows readers see, and the attempt that brought them."""

    file_id: UUID
    attempt: int


@dataclass(frozen=True)
class Overlap:
    """What a file's rows meet among the rows of other files."""

    replaced: int = 0
    """Rows whose key takes an older file's place."""
    outdated: int = 0
    """Rows for whose key a newer file already speaks."""


async def published_files(unit: UnitOfWork, claim: Claim) -> list[Published]:
    """Return the published files of the claim's workspace and dataset, without its own."""
    found = await unit.session.exec(
        select(File.file_id, File.published_attempt).where(
            File.workspace_id == claim.workspace_id,
            File.dataset_type == claim.dataset_type,
            File.file_id != claim.file_id,
            col(File.published_attempt).is_not(None),
        )
    )
    return [Published(file_id, attempt) for file_id, attempt in found if attempt is not None]


async def write_published(attempt: Attempt, published: Sequence[Published]) -> str:
    """Put the set into a table of the attempt's; return it."""
    table = await attempt.create_list("published", "file UUID, attempt UInt32", "file")
    if published:
        await attempt.analytics.insert(
            attempt.bare_table("published"),
            [(str(one.file_id), one.attempt) for one in published],
            ("file", "attempt"),
            comment=attempt.comment,
        )
    return table


def winners(attempt: Attempt, part: Part, *, published: str) -> str:
    """Return the SELECT of the rows that win some keys among the published files.

    Args:
        attempt: names the tables and the workspace.
        part: the keys.
        published: the table of the set.
    """
    rows = (
        f"FROM {attempt.history}"
        f" WHERE _workspace = {{workspace:String}} AND _verdict = {GOOD}"
        f" AND {part.rows} AND _key IN ({part.keys})"
        f" AND (_file, _attempt) IN (SELECT file, attempt FROM {published})"
    )
    return (
        f"SELECT * {rows} AND (_key, _uploaded_at, {FILE_ORDER}) IN ("
        f"SELECT _key, tupleElement(newest, 1), tupleElement(newest, 2) FROM"
        f" (SELECT _key, max((_uploaded_at, {FILE_ORDER})) AS newest {rows} GROUP BY _key))"
    )


async def fill(attempt: Attempt, keys: Keys, published: Sequence[Published]) -> str:
    """Stage the rows that win the keys among the published files; return the table."""
    table = await write_published(attempt, published)
    filled = await attempt.create("fill", like=attempt.history)
    for part in keys.parts_to_resolve():
        await attempt.run(f"INSERT INTO {filled} {winners(attempt, part, published=table)}")
    return filled


async def overlap_with(
    attempt: Attempt,
    own: Published,
    keys: Keys,
    others: Sequence[Published],
    uploaded_at: datetime,
) -> Overlap:
    """Count how the rows of a file stand to those of other published files.

    Args:
        attempt: names the tables and the workspace.
        own: the file; its rows are in history.
        keys: all keys of its rows, and perhaps more.
        others: the other files.
        uploaded_at: when the file arrived.
    """
    published = await write_published(attempt, others)
    replaced, outdated = 0, 0
    for part in keys.parts_to_resolve():
        found = await attempt.query(
            "SELECT countIf(met = 1 AND newer = 0) AS replaced, countIf(newer = 1) AS outdated"
            f" FROM (SELECT _key FROM {rows_of(attempt, own)} AND {part.rows}) AS own"
            " LEFT JOIN (SELECT _key, 1 AS met,"
            f" max((_uploaded_at, {FILE_ORDER}) > (toDateTime64({{own_time:String}}, 6, 'UTC'),"
            " UUIDToNum(toUUID({own_file:String})))) AS newer"
            f" FROM ({winners(attempt, part, published=published)}) GROUP BY _key) AS other"
            " ON own._key = other._key",
            own_time=uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
            own_file=str(own.file_id),
        )
        counts = found.one()
        replaced += int(str(counts["replaced"]))
        outdated += int(str(counts["outdated"]))
    return Overlap(replaced, outdated)


async def keys_of(attempt: Attempt, *published: Published) -> Keys:
    """Note the keys that attempts at files spoke for."""
    table = await attempt.create_list("keys", "_key UInt128", "_key")
    for one in published:
        await attempt.run(f"INSERT INTO {table} SELECT _key FROM {rows_of(attempt, one)}")
    return Keys(table, await attempt.count(table))


def rows_of(attempt: Attempt, published: Published) -> str:
    """Return what follows FROM: the history rows of one attempt at a file."""
    return (
        f"{attempt.history} WHERE _workspace = {{workspace:String}}"
        f" AND _file = toUUID('{published.file_id}') AND _attempt = {published.attempt}"
        f" AND _verdict = {GOOD}"
    )
