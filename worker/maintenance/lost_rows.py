"""Rows in history that lost their keys to a newer file, and can never win them back.

A row comes back when the newer file is undone, or is judged again and speaks for the key no more.
Its own file's undo gives it to that file's first duplicate, whose place may be the newest of all.
A file is *settled* once neither can be: its time to be undone is over (`undo_days`), and its bytes
are not kept any more (`originals_days`). What one settled file has beaten of another is let go;
what readers see, now and after the undo of any other file, does not change by it:

    current = resolve(history, published)    before and after, whatever is undone that can be

Nobody waits for it: what goes is listed in a table, a mutation that reads the list is started, and
a later round, of whatever worker, tells of it and drops the list. No lock is held: a settled file
stays as it is, and rows that lost for good are lost whatever is published meanwhile.
"""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID, uuid4

from sqlmodel import col, select

from server.datasets.declaration import Dataset
from server.datasets.tables import GOOD, history_table
from server.files.lifecycle import Stage
from server.files.models import File
from server.files.repository import change
from worker.context import Context
from worker.ingest.keys import RESOLVED_PER_BUCKET, in_bucket
from worker.ingest.resolve import FILE_ORDER, Published
from worker.maintenance.mutations import is_rewritten
from worker.maintenance.rounds import tell_repaired

_COMMENT: Final = "maintenance:lost-rows"
_LIST: Final = re.compile(r"lost_(?:settled|rows)_(?P<dataset>[a-z0-9_]+?)(?:_[0-9a-f]{12})?")
# History is read as a whole, and the parts that hold such rows are rewritten: seldom.
_EVERY_SECONDS: Final = 24 * 3600.0


class LostRows:
    """Lets them go once a day; a process looks again once more files have been settled.

    One worker at a time, as everything that the reconciler does.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_at = float("-inf")
        self._settled: dict[str, frozenset[UUID]] = {}

    async def remove(self) -> None:
        """Tell of those that are gone, and let others go; now and then."""
        await self.finish()
        settings = self._context.settings
        if not (settings.undo_days and settings.originals_days):
            return
        if time.monotonic() - self._looked_at < _EVERY_SECONDS:
            return
        await self.remove_now()
        self._looked_at = time.monotonic()

    async def remove_now(self) -> None:
        """Let them go, dataset by dataset."""
        for dataset in self._context.catalogue.all():
            files = await self._settled_files(dataset)
            settled = frozenset(file.file_id for file in files)
            if settled <= self._settled.get(dataset.name, frozenset()):
                continue
            if await is_rewritten(self._context, history_table(dataset)):
                # It may be the one of yesterday, which lets some of these go.
                continue
            await self._remove(dataset, files)
            self._settled[dataset.name] = settled

    async def finish(self) -> None:
        """Drop the lists that nothing reads any more, and tell of the rows that are gone.

        A list that no mutation ever read is what a worker left that died while it made it.
        """
        lists = await self._lists()
        if not lists:
            return
        commands = await self._mutations()
        for name, dataset in lists:
            own = [is_done for command, is_done in commands if name in command]
            if not all(own):
                continue
            table = f"{self._context.analytics.database}.{name}"
            gone = await self._count(table) if own else 0
            await self._run(f"DROP TABLE IF EXISTS {table} SYNC")
            if gone:
                tell_repaired("lost-rows", gone, dataset=dataset)

    async def _lists(self) -> list[tuple[str, str]]:
        """Return the tables that hold a list, and the dataset each is about."""
        found = await self._context.analytics.query(
            "SELECT name FROM system.tables WHERE database = {database:String}"
            " AND startsWith(name, 'lost_')",
            parameters={"database": self._context.analytics.database},
            comment=_COMMENT,
        )
        names = [str(name) for (name,) in found.rows]
        return [(name, match["dataset"]) for name in names if (match := _LIST.fullmatch(name))]

    async def _mutations(self) -> list[tuple[str, bool]]:
        """Return what every mutation that read a list does, and whether it is done."""
        found = await self._context.analytics.query(
            "SELECT command, is_done FROM system.mutations"
            " WHERE database = {database:String} AND position(command, '.lost_rows_') > 0",
            parameters={"database": self._context.analytics.database},
            comment=_COMMENT,
        )
        return [(str(command), bool(int(str(is_done)))) for command, is_done in found.rows]

    async def _settled_files(self, dataset: Dataset) -> list[Published]:
        async with self._context.units.begin() as unit:
            found = await unit.session.exec(
                select(File.file_id, File.published_attempt).where(
                    File.dataset_type == dataset.name,
                    col(File.published_attempt).is_not(None),
                    col(File.stage) == str(Stage.COMPLETED),
                    col(File.undo_until) <= self._context.clock(),
                    col(File.undo_requested_at).is_(None),
                    col(File.object_version).is_(None),
                    col(File.lease_owner).is_(None),
                )
            )
            return [Published(file_id, attempt) for file_id, attempt in found if attempt]

    async def _remove(self, dataset: Dataset, settled: Sequence[Published]) -> None:
        # Names of their own: what is listed here, no other run adds to or drops.
        run = uuid4().hex[:12]
        names = [f"{purpose}_{dataset.name}_{run}" for purpose in ("lost_settled", "lost_rows")]
        listed, lost = (f"{self._context.analytics.database}.{name}" for name in names)
        history = f"{self._context.analytics.database}.{history_table(dataset)}"
        await self._create(listed, "file UUID, attempt UInt32")
        await self._create(lost, "file UUID, attempt UInt32, row UInt64")
        rows = [(str(file.file_id), file.attempt) for file in settled]
        await self._context.analytics.insert(names[0], rows, ("file", "attempt"), comment=_COMMENT)
        await self._list_lost(history, listed, lost)
        going = await self._counts(f"SELECT file, attempt FROM {lost}")
        if going:
            there = await self._counts(
                f"SELECT _file AS file, _attempt AS attempt FROM {history}"
                f" WHERE (_file, _attempt) IN (SELECT file, attempt FROM {lost})"
            )
            # Before they go, and as it will be then: done twice, it says the same.
            for one, count in going.items():
                await self._note(one, left=there[one] - count)
            await self._run(
                f"ALTER TABLE {history} DELETE WHERE (_file, _attempt, _row) IN"
                f" (SELECT file, attempt, row FROM {lost})",
                settings={"mutations_sync": 0},
            )
        # The list that the mutation reads is dropped once it is done (`finish`).
        for table in (listed,) if going else (listed, lost):
            await self._run(f"DROP TABLE IF EXISTS {table} SYNC")

    async def _list_lost(self, history: str, listed: str, lost: str) -> None:
        buckets = max(1, -(-await self._count(history) // RESOLVED_PER_BUCKET))
        for bucket in range(buckets):
            held = (
                "(SELECT _workspace, _key, _file, _attempt, _row,"
                f" (_uploaded_at, {FILE_ORDER}) AS place FROM {history}"
                f" WHERE _verdict = {GOOD} AND {in_bucket(bucket, buckets)}"
                f" AND (_file, _attempt) IN (SELECT file, attempt FROM {listed}))"
            )
            await self._run(
                f"INSERT INTO {lost} SELECT _file, _attempt, _row"
                f" FROM {held} AS one INNER JOIN"
                " (SELECT _workspace, _key, max(place) AS newest"
                f" FROM {held} GROUP BY _workspace, _key) AS winner"
                " USING (_workspace, _key) WHERE one.place < winner.newest"
            )

    async def _count(self, table: str) -> int:
        found = await self._context.analytics.query(
            f"SELECT count() AS n FROM {table}", comment=_COMMENT
        )
        return int(str(found.one()["n"]))

    async def _counts(self, rows: str) -> dict[tuple[UUID, int], int]:
        found = await self._context.analytics.query(
            f"SELECT toString(file), attempt, count() FROM ({rows}) GROUP BY file, attempt",
            comment=_COMMENT,
        )
        return {
            (UUID(str(file_id)), int(str(attempt))): int(str(count))
            for file_id, attempt, count in found.rows
        }

    async def _note(self, published: tuple[UUID, int], *, left: int) -> None:
        file_id, attempt = published
        async with self._context.units.begin() as unit:
            await change(
                unit,
                file_id,
                None,
                values={"rows_let_go": {"attempt": attempt, "left": left}},
                where=[col(File.published_attempt) == attempt],
            )

    async def _create(self, table: str, defined: str) -> None:
        await self._run(f"CREATE TABLE {table} ({defined}) ENGINE = MergeTree ORDER BY file")

    async def _run(self, statement: str, settings: Mapping[str, object] | None = None) -> None:
        await self._context.analytics.command(statement, settings=settings, comment=_COMMENT)
