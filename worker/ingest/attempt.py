"""One attempt's hold on ClickHouse: its statements, and the tables it works in.

Every statement carries the attempt's comment, by which it is watched and stopped. Its tables are
named after the run, so no two ever share one, and a lost lease tells of a table that nobody will
come back to: they are dropped when the run is over, and swept when it died (`maintenance/`).
"""

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from server.analytics.gateway import Analytics
from server.analytics.rows import Rows
from server.datasets.declaration import Dataset
from server.datasets.evolution import Columns, additions, columns_of
from server.datasets.tables import create_table, current_table, history_table, rejected_table
from server.errors import QueryRejected
from server.files.claims import Claim
from worker.context import Context
from worker.ingest.dataset_lock import PATIENCE_SECONDS, Held, dataset_lock

_OTHER_STRUCTURE: Final = 122  # INCOMPATIBLE_COLUMNS
_RUN_TABLE: Final = re.compile(
    r"[a-z]+_[a-z0-9_]+_(?P<file>[0-9a-f]{32})_(?P<attempt>\d+)_(?P<run>[0-9a-zA-Z]+)"
)


@dataclass(frozen=True)
class Attempt:
    """A claimed file, its dataset, and what the attempt may do in ClickHouse."""

    context: Context
    claim: Claim
    dataset: Dataset

    @property
    def analytics(self) -> Analytics:
        """Return the gateway."""
        return self.context.analytics

    @property
    def comment(self) -> str:
        """Return what marks the attempt's statements in the server's process list."""
        return comment_of(self.claim.file_id, self.claim.attempt, self.claim.run)

    @property
    def parameters(self) -> dict[str, object]:
        """Return who sent the rows, and when, as the parameters of statements."""
        return {
            "workspace": self.claim.workspace_id,
            "file": str(self.claim.file_id),
            "attempt": self.claim.attempt,
            "uploaded_at": self.claim.uploaded_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        }

    @property
    def current(self) -> str:
        """Return the table readers see."""
        return f"{self.analytics.database}.{current_table(self.dataset)}"

    @property
    def history(self) -> str:
        """Return the table that keeps every good row."""
        return f"{self.analytics.database}.{history_table(self.dataset)}"

    @property
    def rejected(self) -> str:
        """Return the table of rows set aside."""
        return f"{self.analytics.database}.{rejected_table(self.dataset)}"

    @property
    def staged(self) -> str:
        """Return the attempt's table of judged rows."""
        return self.table("staging")

    def table(self, purpose: str) -> str:
        """Return one of the attempt's own tables, with its database."""
        return f"{self.analytics.database}.{self.bare_table(purpose)}"

    def bare_table(self, purpose: str) -> str:
        """Return one of the attempt's own tables."""
        return f"{purpose}_{self._name}"

    def lock(self, *, keeps_waiting: bool = False) -> AbstractAsyncContextManager[Held]:
        """Hold the dataset's lock within the block.

        Args:
            keeps_waiting: until it is free; else only for a while, since who waits holds a slot
                that files of other datasets could have.

        Raises:
            DatasetBusy: it was not free in that time.
        """
        patience = None if keeps_waiting else PATIENCE_SECONDS
        return dataset_lock(
            self.context, self.dataset.name, self.claim.lease_owner, patience_seconds=patience
        )

    async def stop_earlier(self) -> None:
        """Stop what earlier runs at the file still have running in ClickHouse, and wait for it.

        A statement outlives a worker that was killed and a connection that broke; it must not
        write while this run works.
        """
        await self.analytics.kill_others(_mark(self.claim.file_id), but=self.comment)

    async def query(self, sql: str, **parameters: object) -> Rows:
        """Return the answer of a SELECT; the attempt's parameters are known to it."""
        known = {**self.parameters, **parameters}
        return await self.analytics.query(sql, parameters=known, comment=self.comment)

    async def count(self, rows: str) -> int:
        """Return how many rows there are: `rows` is what follows FROM."""
        found = await self.query(f"SELECT count() AS n FROM {rows}")
        return int(str(found.one()["n"]))

    async def run(
        self,
        sql: str,
        *,
        settings: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        """Run a statement that returns nothing; the attempt's parameters are known to it."""
        known = {**self.parameters, **(parameters or {})}
        await self.analytics.command(sql, parameters=known, settings=settings, comment=self.comment)

    async def create(self, purpose: str, *, like: str | None = None) -> str:
        """Create an empty table of the dataset's structure, or of another table's; return it."""
        await self.drop(purpose)
        database, bare = self.analytics.database, self.bare_table(purpose)
        await self.run(create_table(self.dataset, database, bare, is_staging=True, like=like))
        return self.table(purpose)

    async def create_list(self, purpose: str, columns: str, order: str) -> str:
        """Create an empty table of a few plain columns; return it."""
        await self.drop(purpose)
        table = self.table(purpose)
        await self.run(f"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY {order}")
        return table

    async def drop(self, purpose: str) -> None:
        """Drop one of the attempt's tables. SYNC: its rows must not outlive it on disk."""
        await self.run(f"DROP TABLE IF EXISTS {self.table(purpose)} SYNC")

    async def drop_all(self) -> None:
        """Drop every table of the attempt."""
        found = await self.query(
            "SELECT name FROM system.tables WHERE database = {database:String}"
            " AND endsWith(name, {suffix:String})",
            database=self.analytics.database,
            suffix=f"_{self._name}",
        )
        for (name,) in found.rows:
            await self.run(f"DROP TABLE IF EXISTS {self.analytics.database}.{name} SYNC")

    async def attach_all(self, *, source: str, target: str) -> None:
        """Attach every partition of a table to another; links, not copies."""
        await self.attach("ALL", source=source, target=target)

    async def attach(self, partition: str, *, source: str, target: str) -> None:
        """Attach a partition of one of the attempt's own tables to another table.

        A column may have been added to the dataset since the attempt began: then the attempt's
        table gets it too, empty.
        """
        statement = f"ALTER TABLE {target} ATTACH PARTITION {partition} FROM {source}"
        try:
            await self.run(statement)
        except QueryRejected as fault:
            if fault.code != _OTHER_STRUCTURE:
                raise
            told = [await self._columns(table) for table in (source, target)]
            await self.run(f"ALTER TABLE {source} {additions(*told)}")
            await self.run(statement)

    async def _columns(self, table: str) -> Columns:
        bare = table.removeprefix(f"{self.analytics.database}.")
        return await columns_of(self.analytics, bare, comment=self.comment)

    @property
    def _name(self) -> str:
        claim = self.claim
        return f"{self.dataset.name}_{claim.file_id.hex}_{claim.attempt}_{claim.run}"


@dataclass(frozen=True)
class RunTable:
    """A table some run made for itself, as its name tells."""

    name: str
    file_id: UUID
    attempt: int
    run: str

    @property
    def comment(self) -> str:
        """Return what marks the statements of that run."""
        return comment_of(self.file_id, self.attempt, self.run)


def comment_of(file_id: UUID, attempt: int, run: str) -> str:
    """Return what marks the statements of one run at a file."""
    return f"{_mark(file_id)}{attempt}:{run}"


def _mark(file_id: UUID) -> str:
    return f"ingest:{file_id}:"


def read_name(name: str) -> RunTable | None:
    """Return which run a table belongs to; None for a table that lasts."""
    told = _RUN_TABLE.fullmatch(name)
    if told is None:
        return None
    return RunTable(name, UUID(told["file"]), int(told["attempt"]), told["run"])
