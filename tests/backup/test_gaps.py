"""What is lost before a backup makes a gap in it, and no more; what is let go meanwhile, none."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

import pytest

from server.datasets.tables import history_table
from server.files.models import File
from server.storage.interface import Storage
from tests.backup.homes import Home
from tests.backup.worlds import World
from worker.backup.gaps import Gaps
from worker.backup.held import hold
from worker.backup.write import Written, write_backup
from worker.commands.gaps import WithGaps, gaps_in_short
from worker.context import context_of
from worker.maintenance.retention import Retention


class Meanwhile:
    """A store, beside which something happens when the first original is read."""

    def __init__(self, inner: Storage, what: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._what = inner, what
        self._happened = False

    def __getattr__(self, name: str) -> object:
        """Return what the store has."""
        return getattr(self._inner, name)

    async def read_range(self, key: str, **asked: object) -> bytes:
        """See Storage.read_range."""
        if not self._happened:
            self._happened = True
            await self._what()
        return await self._inner.read_range(key, **asked)  # type: ignore[arg-type]  # as it came


async def backed_up_while(world: World, what: Callable[[], Awaitable[None]]) -> Written:
    """Back the first up; the thing happens once its originals are being read."""
    storage = cast(Storage, Meanwhile(world.first.parts.storage, what))
    with hold(world.vault) as held:
        return await write_backup(replace(world.first.parts, storage=storage), held)


async def lose_bytes(home: Home, file: File) -> None:
    """Take the pinned version out of the store."""
    await home.parts.storage.remove_version(file.object_key, file.object_version or "")


async def lose_a_row(home: Home, file: File) -> None:
    """Take one row of the file out of history."""
    dataset = home.parts.catalogue.get(file.dataset_type)
    assert dataset is not None
    table = f"{home.parts.analytics.database}.{history_table(dataset)}"
    await home.workshop.run(
        f"DELETE FROM {table} WHERE _file = {{file:UUID}} AND _row = 1", file=str(file.file_id)
    )


@pytest.mark.slow
async def test_what_was_lost_before_is_named_every_night_and_the_rest_is_restored(
    world: World,
) -> None:
    without_bytes = await world.first.workshop.ingested(rows=3)
    without_a_row = await world.first.workshop.ingested(rows=2, amount="5.00")
    await lose_bytes(world.first, without_bytes)
    await lose_a_row(world.first, without_a_row)

    first_night = await world.backed_up()
    world.first.desk.clock.turn(days=1)
    second_night = await world.backed_up()
    restored = await world.restored()

    gaps = Gaps((str(without_bytes.file_id),), (str(without_a_row.file_id),))
    assert first_night.gaps == second_night.gaps == gaps
    assert [gaps_in_short(one.about) for one in world.vault.backups()] == ["  gaps in 2 files"] * 2
    assert restored.files == 1
    assert (await world.second.desk.row(without_bytes.file_id)).object_version is None


@pytest.mark.slow
async def test_an_original_that_expires_during_the_copy_is_no_gap(world: World) -> None:
    file = await world.first.workshop.ingested(rows=3)
    world.first.desk.clock.turn(days=40)
    context = context_of(world.first.parts)
    settings = context.settings.model_copy(update={"originals_days": 30})

    written = await backed_up_while(
        world, Retention(replace(context, settings=settings)).expire_originals
    )
    restored = await world.restored()

    assert (written.gaps, written.files) == (Gaps(), 0)
    assert restored.rows == 3
    assert (await world.second.desk.row(file.file_id)).object_version is None


@pytest.mark.slow
async def test_rows_that_are_let_go_during_the_copy_are_no_gap(world: World) -> None:
    file = await world.first.workshop.ingested(rows=3)

    async def let_go() -> None:
        # As the maintenance does for rows that can never be seen again.
        left = {"attempt": file.published_attempt, "left": 2}
        await world.first.desk.set(file.file_id, rows_let_go=left)
        await lose_a_row(world.first, file)

    written = await backed_up_while(world, let_go)
    restored = await world.restored()

    assert written.gaps == Gaps()
    assert restored.rows == 2


def test_gaps_have_a_status_of_their_own_and_say_which_files_and_what_to_do() -> None:
    told = WithGaps(Gaps(tuple(f"file-{n}" for n in range(21)), ("file-1",)))

    assert told.exit_code == 3
    assert "is written and can be restored" in told.message
    assert "21 files (file-0, " in told.message
    assert "and 1 more: see about.json" in told.message
    assert "1 files (file-1). `tallydock rebuild`" in told.message


def test_a_backup_without_gaps_or_of_an_earlier_version_lists_none() -> None:
    assert gaps_in_short({"gaps": {"originals": [], "rows": []}}) == ""
    assert gaps_in_short({"missing": []}) == ""
