"""Rows that leave a table of the dataset's: only the partitions that hold one are written anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from worker.ingest.attempt import Attempt

# A statement costs milliseconds: years of small months share a few. A large month has its own, so
# that little disk is taken twice at a time.
_ROWS_TOGETHER: Final = 1_000_000


@dataclass(frozen=True)
class Lost:
    """Rows that leave a table."""

    rows: str
    """The condition they meet, over the table's columns."""
    among: str = "1"
    """The condition of the rows that are looked at."""


async def remove(attempt: Attempt, target: str, lost: Sequence[Lost]) -> None:
    """Take the lost rows out of a table that nobody reads meanwhile.

    Args:
        attempt: runs the statements.
        target: a table of the dataset's structure.
        lost: conditions that together look at every row, each row once.
    """
    touched: set[str] = set()
    for one in lost:
        found = await attempt.query(
            f"SELECT DISTINCT _partition_id AS id FROM {target} WHERE {one.among} AND ({one.rows})"
        )
        touched |= {str(partition) for (partition,) in found.rows}
    if not touched:
        return
    for partitions in await _together(attempt, target, sorted(touched)):
        await _write_anew(attempt, target, partitions, lost)
    await attempt.drop("side")


async def _write_anew(
    attempt: Attempt, target: str, partitions: Sequence[str], lost: Sequence[Lost]
) -> None:
    side = await attempt.create("side", like=target)
    for one in lost:
        await attempt.run(
            f"INSERT INTO {side} SELECT * FROM {target}"
            f" WHERE _partition_id IN ({_listed(partitions)}) AND {one.among} AND NOT ({one.rows})"
        )
    found = await attempt.query(f"SELECT DISTINCT _partition_id AS id FROM {side}")
    kept = {str(partition) for (partition,) in found.rows}
    # ClickHouse refuses to replace a partition by nothing.
    changes = [
        f"REPLACE PARTITION ID '{partition}' FROM {side}"
        if partition in kept
        else f"DROP PARTITION ID '{partition}'"
        for partition in partitions
    ]
    await attempt.run(f"ALTER TABLE {target} {', '.join(changes)}")


async def _together(attempt: Attempt, table: str, partitions: Sequence[str]) -> list[list[str]]:
    """Return the partitions in groups that are worth a statement."""
    found = await attempt.query(
        f"SELECT _partition_id AS id, count() AS rows FROM {table}"
        f" WHERE _partition_id IN ({_listed(partitions)}) GROUP BY id"
    )
    rows = {str(partition): int(str(count)) for partition, count in found.rows}
    groups: list[list[str]] = []
    room = 0
    for partition in partitions:
        if not groups or rows[partition] > room:
            groups.append([])
            room = _ROWS_TOGETHER
        groups[-1].append(partition)
        room -= rows[partition]
    return groups


def _listed(partitions: Sequence[str]) -> str:
    return ", ".join(f"'{partition}'" for partition in partitions)
