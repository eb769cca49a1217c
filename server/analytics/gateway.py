"""The one gateway to ClickHouse: what can be asked of it, and how a statement is stopped.

Statements run in threads on a pool of clients (`pool.py`). Every statement carries a `log_comment`,
by which it is watched and stopped. Errors: `AnalyticsUnavailable` may be tried again,
`QueryRejected` carries ClickHouse's number.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from server.analytics.pool import Client, ClientPool
from server.analytics.rows import Column, Rows
from server.errors import AnalyticsUnavailable, QueryRejected
from server.settings import Settings

# A server that hangs does not answer this either; who tries again asks once more.
_STOP_SECONDS = 10
_PARAMETER = re.compile(r"\{([a-z_]+):")


class Analytics:
    """Statements against one ClickHouse.

    Args:
        dsn: `clickhouse://user:password@host:8123/` or `chdb:///folder`.
        database: the Atomic database that holds our tables; statements name tables without it.
        threads: threads a statement may use, 0 for all cores.
        memory_bytes: memory a statement may use.
    """

    def __init__(
        self, dsn: str, *, database: str, threads: int = 0, memory_bytes: int = 4 * 2**30
    ) -> None:
        self._dsn = dsn
        self.database = database
        self._defaults: dict[str, object] = {
            "max_memory_usage": memory_bytes,
            # A partition is a month, and a file may hold decades: ClickHouse refuses an insert into
            # more than a hundred.
            "max_partitions_per_insert_block": 0,
            # After a swap the table that was current is dropped, of whatever size: what counts of
            # it is linked elsewhere. ClickHouse refuses to drop more than 50 GB.
            "max_table_size_to_drop": 0,
            "max_partition_size_to_drop": 0,
        }
        if threads:
            self._defaults["max_threads"] = threads
        self._cores: int | None = None
        self._pool = ClientPool(dsn)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Analytics":
        """Return the gateway that the settings name; opens no connection yet."""
        return cls(
            settings.clickhouse_dsn.get_secret_value(),
            database=settings.clickhouse_database,
            threads=settings.query_threads,
            memory_bytes=settings.query_memory_bytes,
        )

    async def cores(self) -> int:
        """Return how many threads a statement has in ClickHouse.

        Raises:
            AnalyticsUnavailable: no answer.
        """
        if self._cores is None:
            asked = "SELECT getSetting('max_threads') AS threads"
            found = await self.query(asked, comment="cores")
            self._cores = int(str(found.one()["threads"]))
        return self._cores

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Return user and password of the DSN; None when it names no user."""
        address = urlsplit(self._dsn)
        if not address.username:
            return None
        return unquote(address.username), unquote(address.password or "")

    async def query(
        self,
        sql: str,
        *,
        comment: str,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        timeout_seconds: int | None = None,
    ) -> Rows:
        """Return the answer of a SELECT.

        Args:
            sql: the statement, with server-side parameters as `{name:Type}`.
            comment: what is asked for whom, e.g. `insight:volume:<request id>`; seen in the
                server's process list.
            parameters: values for the parameters.
            settings: ClickHouse settings of this statement.
            timeout_seconds: longest it may run on the server.

        Raises:
            AnalyticsUnavailable: no answer, or out of memory, time or disk.
            QueryRejected: anything else ClickHouse refused.
        """
        asked = self._settings(comment, settings, timeout_seconds)

        def run(client: Client) -> Rows:
            answer = client.query(sql, parameters=_named(sql, parameters), settings=asked)
            names, types = answer.column_names, answer.column_types
            columns = tuple(Column(n, t.name) for n, t in zip(names, types, strict=True))
            return Rows(columns, [tuple(row) for row in answer.result_rows])

        return await self._pool.run("query", run)

    async def command(
        self,
        sql: str,
        *,
        comment: str,
        parameters: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        timeout_seconds: int | None = None,
    ) -> None:
        """Run a statement that returns nothing; arguments and errors as for query.

        When the caller is cancelled, or no answer comes, the statement is stopped on the server
        before this returns: over HTTP it would otherwise outlive its client and write later.
        """
        asked = self._settings(comment, settings, timeout_seconds)

        def run(client: Client) -> None:
            client.command(sql, parameters=_named(sql, parameters), settings=asked)

        running = asyncio.ensure_future(
            self._stopped_when_lost(self._pool.run("command", run), comment)
        )
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            await self.kill(comment)
            await asyncio.wait([running])
            raise

    async def insert(
        self, table: str, rows: Sequence[Sequence[object]], columns: Sequence[str], *, comment: str
    ) -> None:
        """Insert a few rows of Python values; errors as for query, stopped as a command is."""
        asked = self._settings(comment, None, None)

        def run(client: Client) -> None:
            client.insert(table, rows, column_names=columns, database=self.database, settings=asked)

        await self._stopped_when_lost(self._pool.run("insert", run), comment)

    async def export(
        self, sql: str, *, comment: str, parameters: Mapping[str, object] | None = None
    ) -> bytes:
        """Return the answer of a SELECT in ClickHouse's own format, for `import_rows`.

        The answer is held in memory: the caller bounds it. Errors as for query.
        """
        asked = self._settings(comment, None, None)

        def run(client: Client) -> bytes:
            return client.raw_query(
                sql, parameters=_named(sql, parameters), settings=asked, fmt="Native"
            )

        return await self._pool.run("query", run)

    async def import_rows(self, table: str, exported: bytes, *, comment: str) -> None:
        """Insert what `export` returned into a table of ours; errors as for query."""
        asked = self._settings(comment, None, None)

        def run(client: Client) -> None:
            client.raw_insert(
                f"{self.database}.{table}", insert_block=exported, settings=asked, fmt="Native"
            )

        await self._pool.run("insert", run)

    async def kill(self, comment: str) -> None:
        """Stop every statement that carries this comment, and wait until it has stopped."""
        await self._kill("Settings['log_comment'] = {comment:String}", comment=comment)

    async def kill_others(self, prefix: str, *, but: str) -> None:
        """Stop the statements whose comment begins like that, and wait until they have stopped.

        Args:
            prefix: of the comments.
            but: the comment of statements that go on.
        """
        await self._kill(
            "startsWith(Settings['log_comment'], {prefix:String})"
            " AND Settings['log_comment'] != {comment:String}",
            prefix=prefix,
            comment=but,
        )

    async def ping(self) -> None:
        """Return when ClickHouse answers a statement.

        Raises:
            AnalyticsUnavailable: it does not.
        """
        await self._pool.run("other", lambda client: client.command("SELECT 1"))

    async def create_database(self) -> None:
        """Create our database where it is missing. Idempotent.

        Atomic is named because EXCHANGE TABLES needs it, and because chDB's `default` database
        resolves table names to local files.
        """
        await self._pool.run(
            "other",
            lambda client: client.command(
                f"CREATE DATABASE IF NOT EXISTS {self.database} ENGINE = Atomic"
            ),
        )

    def close(self) -> None:
        """Close every idle client and the threads."""
        self._pool.close()

    def _settings(
        self, comment: str, settings: Mapping[str, object] | None, timeout_seconds: int | None
    ) -> dict[str, object]:
        asked = {**self._defaults, **(settings or {}), "log_comment": comment}
        if timeout_seconds is not None:
            asked["max_execution_time"] = timeout_seconds
        return asked

    async def _kill(self, condition: str, **parameters: str) -> None:
        await self._pool.run(
            "other",
            lambda client: client.command(
                f"KILL QUERY WHERE {condition} SYNC", parameters=dict(parameters)
            ),
        )

    async def _stopped_when_lost(self, running: Awaitable[None], comment: str) -> None:
        """Wait for a statement; when its connection breaks, stop it on the server too."""
        try:
            await running
        except AnalyticsUnavailable:
            with contextlib.suppress(AnalyticsUnavailable, QueryRejected, TimeoutError):
                await asyncio.wait_for(self.kill(comment), _STOP_SECONDS)
            raise


def _named(sql: str, parameters: Mapping[str, object] | None) -> dict[str, object] | None:
    """Return the parameters the statement names; the client would format `%` with any others."""
    named = set(_PARAMETER.findall(sql))
    return {name: value for name, value in (parameters or {}).items() if name in named} or None
