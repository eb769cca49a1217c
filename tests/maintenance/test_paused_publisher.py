"""A publisher that is paused past its lock and wakes up late does no harm, wherever it slept.

Two publishers on one engine, one of them held where the other cannot see it, as SIGSTOP would: chDB
takes one process a folder, so both live in this one. Their statements and transactions are real.
"""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from server.analytics.gateway import Analytics
from server.analytics.rows import Rows
from server.files.lifecycle import Stage
from tests.fixtures.workshop import Workshop, some_csv
from worker.jobs import JOBS


class Sleeper:
    """The engine as a publisher sees it that is paused at one of its statements."""

    def __init__(self, inner: Analytics, words: str, occurrence: int) -> None:
        self._inner, self._words, self._left = inner, words, occurrence
        self.sleeps = asyncio.Event()
        self.may_wake = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        """Return what the engine has."""
        return getattr(self._inner, name)

    async def command(self, sql: str, **asked: object) -> None:
        """See Analytics.command; sleeps before it."""
        await self._sleep(sql)
        await self._inner.command(sql, **asked)  # type: ignore[arg-type]  # as it came

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


@pytest.mark.parametrize(
    ("words", "occurrence"),
    [
        ("EXCHANGE TABLES", 1),
        ("CLONE AS", 1),
        # Between the generation that is read and the publication that names the next one.
        ("SELECT comment FROM system.tables", 2),
        ("ATTACH PARTITION ALL FROM", 1),
    ],
)
async def test_a_publisher_that_wakes_up_late_changes_nothing(
    workshop: Workshop, words: str, occurrence: int
) -> None:
    desk = workshop.desk
    sleeper = Sleeper(workshop.analytics, words, occurrence)
    paused = replace(workshop.context, analytics=cast(Analytics, sleeper))
    slow = await desk.send_and_pin(data=some_csv(4, provider_code=f"slow{occurrence}", amount="1"))
    sleeping = asyncio.create_task(JOBS["ingest"](paused, slow))
    await sleeper.sleeps.wait()

    desk.clock.turn(seconds=31)
    quick = await workshop.ingested(3, provider_code=f"quick{occurrence}")
    sleeper.may_wake.set()
    await sleeping
    after_waking = await workshop.rows("transactions_current", quick.file_id)
    desk.clock.turn(seconds=31)
    await JOBS["ingest"](workshop.context, slow)

    row = await desk.row(slow)
    assert (quick.is_at, row.is_at, row.attempt) == (Stage.COMPLETED, Stage.COMPLETED, 2)
    assert after_waking == {1: 3}
    assert await workshop.rows("transactions_current", quick.file_id) == {1: 3}
    assert await workshop.rows("transactions_current", slow) == {2: 4}
    assert (await desk.history(slow)).count("file.completed") == 1
    assert await workshop.tables() == set()
