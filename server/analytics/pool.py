"""The clients of ClickHouse, and the threads they are used in; alone imports clickhouse_connect.

A client serves one statement at a time and blocks while it does. Under `gateway.py`, which knows
what is asked; here is who asks it. Errors are translated once, here.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, LifoQueue
from typing import Final, TypeVar

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from server.analytics.refusals import translated
from server.errors import AnalyticsUnavailable
from server.telemetry.metrics import STATEMENT_SECONDS

__all__ = ["Client", "ClientPool"]

T = TypeVar("T")

# Statements in flight at once per process; more wait. Above it a two-core engine only queues.
_CLIENTS: Final = 12


class ClientPool:
    """Clients of one ClickHouse; opens none before it is needed.

    Args:
        dsn: `clickhouse://user:password@host:8123/` or `chdb:///folder`.
    """

    def __init__(self, dsn: str) -> None:
        # A session serves one statement at a time, and we keep no session state.
        clickhouse_connect.common.set_setting("autogenerate_session_id", value=False)
        self._dsn = dsn
        self._idle: LifoQueue[Client] = LifoQueue()
        self._executor = ThreadPoolExecutor(_CLIENTS, thread_name_prefix="analytics")

    async def run(self, kind: str, work: Callable[[Client], T]) -> T:
        """Return what the work returns, which is done in a thread with a client of its own.

        Args:
            kind: of the statement, for the metrics.
            work: what to ask the client; goes on when the caller is cancelled.

        Raises:
            AnalyticsUnavailable: no answer, or out of memory, time or disk.
            QueryRejected: anything else ClickHouse refused.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._translated, kind, work
        )

    def close(self) -> None:
        """Close every idle client and the threads, once what runs has ended."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _translated(self, kind: str, work: Callable[[Client], T]) -> T:
        client = self._take()
        is_well = False
        try:
            with STATEMENT_SECONDS.labels(kind=kind).time():
                result = work(client)
            is_well = True
        except ClickHouseError as fault:
            raise translated(fault) from None  # the original message may quote cells
        except OSError as fault:
            raise AnalyticsUnavailable(type(fault).__name__) from fault
        finally:
            # Whatever went wrong, who asks next gets another connection.
            if is_well:
                self._idle.put(client)
            else:
                client.close()
        return result

    def _take(self) -> Client:
        try:
            return self._idle.get_nowait()
        except Empty:
            pass
        try:
            return clickhouse_connect.get_client(dsn=self._dsn)
        except (ClickHouseError, OSError) as fault:
            raise AnalyticsUnavailable(type(fault).__name__) from fault
