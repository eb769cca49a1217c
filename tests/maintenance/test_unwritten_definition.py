"""A table whose definition a full disk cut to nothing never comes to be the one readers see."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from server.analytics.gateway import Analytics
from server.files.lifecycle import Stage
from tests.fixtures.workshop import Workshop, some_csv
from worker.embedded.household import CannotStart
from worker.embedded.unwritten import drop_unwritten
from worker.ingest.attempt import read_name
from worker.jobs import JOBS

RUN_TABLE = "next_transactions_0193a1b2000070008000000000000001_1_abc"


class FullDisk:
    """The engine, as it was seen on a full disk: it says "done" and writes nothing."""

    def __init__(self, inner: Analytics) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        """Return what the engine has."""
        return getattr(self._inner, name)

    async def command(self, sql: str, **asked: object) -> None:
        """See Analytics.command."""
        await self._inner.command(sql, **asked)  # type: ignore[arg-type]  # as it came
        if "MODIFY COMMENT" in sql:
            cut_next(Path(self._inner._dsn.removeprefix("chdb://")))


def cut_next(folder: Path) -> None:
    """Cut the definition of the table that is about to be swapped in to nothing."""
    (path,) = folder.glob("store/*/*/next_*.sql")
    path.write_bytes(b"")


async def test_a_definition_that_was_not_written_is_not_swapped_in(workshop: Workshop) -> None:
    desk = workshop.desk
    before = await workshop.ingested(2, provider_code="before")
    file_id = await desk.send_and_pin(data=some_csv(3, provider_code="unwritten"))
    full = cast(Analytics, FullDisk(workshop.analytics))

    await JOBS["ingest"](replace(workshop.context, analytics=full), file_id)
    waiting = await desk.row(file_id)
    shown = await workshop.rows("transactions_current", before.file_id)
    desk.clock.turn(seconds=60)
    await JOBS["ingest"](workshop.context, file_id)

    assert (waiting.is_at, waiting.faults, waiting.failure) == (Stage.QUEUED, 1, None)
    assert shown == {1: 2}
    assert (await desk.row(file_id)).is_at is Stage.COMPLETED
    assert await workshop.rows("transactions_current", file_id) == {2: 3}
    assert await workshop.tables() == set()


def definition(folder: Path, table: str, content: str) -> Path:
    path = folder / "store" / "48e" / "48e46505" / f"{table}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_runs_own_unwritten_table_is_dropped_before_the_engine_starts(tmp_path: Path) -> None:
    empty = definition(tmp_path, RUN_TABLE, "")
    whole = definition(tmp_path, "transactions_current", "ATTACH TABLE")

    drop_unwritten(tmp_path, lambda table: read_name(table) is not None)

    assert (empty.exists(), whole.exists()) == (False, True)


def test_a_lasting_unwritten_table_is_told_and_left_alone(tmp_path: Path) -> None:
    empty = definition(tmp_path, "transactions_current", "")

    with pytest.raises(CannotStart, match="transactions_current"):
        drop_unwritten(tmp_path, lambda table: read_name(table) is not None)

    assert empty.exists()
