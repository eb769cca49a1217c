"""The engine as a publisher sees it that is paused at one of its statements, as SIGSTOP would.

chDB takes one process a folder, so who sleeps and who does not live in one process; their
statements and transactions are real.
"""

import asyncio
from dataclasses import replace
from typing import cast

from server.analytics.gateway import Analytics
from server.analytics.rows import Rows
from worker.context import Context


class Sleeper:
    """Sleeps at the given occurrence of a statement with these words, until it may wake.

    Args:
        inner: the engine.
        words: in the statement.
        occurrence: which of them, from 1.
        is_done: commands are done before it sleeps; otherwise they wait, too.
    """

    def __init__(
        self, inner: Analytics, words: str, occurrence: int = 1, *, is_done: bool = False
    ) -> None:
        self._inner, self._words, self._left, self._is_done = inner, words, occurrence, is_done
        self.sleeps = asyncio.Event()
        self.may_wake = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        """Return what the engine has."""
        return getattr(self._inner, name)

    def seen_by(self, context: Context) -> Context:
        """Return the context of the worker that sleeps."""
        return replace(context, analytics=cast(Analytics, self))

    async def command(self, sql: str, **asked: object) -> None:
        """See Analytics.command."""
        if not self._is_done:
            await self._sleep(sql)
        await self._inner.command(sql, **asked)  # type: ignore[arg-type]  # as it came
        if self._is_done:
            await self._sleep(sql)

    async def query(self, sql: str, **asked: object) -> Rows:
        """See Analytics.query; sleeps after it, with an answer that grows old."""
        answer = await self._inner.query(sql, **asked)  # type: ignore[arg-type]  # as it came
        await self._sleep(sql)
        return answer

    async def _sleep(self, sql: str) -> None:
        if self._words in sql:
            self._left -= 1
            if self._left == 0:
                self.sleeps.set()
                await self.may_wake.wait()
