"""What was backed up is there again in an empty installation, on embedded and on real parts."""

import json
from uuid import UUID

import pytest
from sqlmodel import col, select

from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from tests.backup.homes import Home, fill
from tests.backup.worlds import World
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import some_csv
from worker.backup.held import hold
from worker.backup.restore import CannotRestore, verify
from worker.backup.sealing import NotSealed
from worker.backup.vault import NoBackup
from worker.jobs import JOBS

# Each kind of part starts a process or an engine of its own.
pytestmark = pytest.mark.slow


async def files(home: Home) -> list[dict[str, object]]:
    """Return what is known of every file, but for the version that the store chose."""
    async with home.parts.units.begin() as unit:
        found = await unit.session.exec(select(File).order_by(col(File.file_id)))
        return [file.model_dump(exclude={"object_version"}) for file in found]


async def original(home: Home, file_id: UUID) -> bytes:
    """Return the pinned bytes."""
    row = await home.desk.row(file_id)
    return await home.parts.storage.read_range(
        row.object_key,
        version_id=row.object_version or "",
        offset_bytes=0,
        length_bytes=row.size_bytes or 0,
    )


async def test_all_is_there_again(world: World) -> None:
    first, second = world.first, world.second
    await fill(first)
    waiting = await first.desk.send(data=some_csv(5, amount="3.00"))
    queued = await first.desk.send_and_pin(data=some_csv(4, amount="4.00"))

    written = await world.backed_up()
    restored = await world.restored()

    assert written.missing == []
    assert (written.files, restored.files) == (6, 6)
    assert restored.recovery_point == written.recovery_point.isoformat()
    assert await second.shown() == await first.shown()
    assert restored.rows == len(await first.shown()) > 0
    (arrived,) = await first.parts.storage.list_versions((await first.desk.row(waiting)).object_key)
    kept = {"uploaded_at": arrived.last_modified}
    assert await files(second) == [
        file | kept if file["file_id"] == waiting else file for file in await files(first)
    ]
    for file in await files(first):
        file_id = file["file_id"]
        assert isinstance(file_id, UUID)
        assert await second.desk.history(file_id) == await first.desk.history(file_id)
        if file_id != waiting:
            assert await original(second, file_id) == await original(first, file_id)
    # Life goes on where it was: what waited is pinned and judged.
    await second.desk.service.arrivals.pin(waiting, "sweep")
    for file_id in (waiting, queued):
        await JOBS["ingest"](second.workshop.context, file_id)
        assert (await second.desk.row(file_id)).ended_as is Outcome.IMPORTED


async def test_a_file_that_waited_to_be_found_keeps_its_place_among_the_others(
    world: World,
) -> None:
    older = await world.first.desk.send(data=some_csv(3))
    await world.first.workshop.ingested(rows=3, amount="55.00")
    before = await world.first.shown()
    await world.backed_up()
    await world.restored()

    await world.second.desk.service.arrivals.pin(older, "sweep")
    await JOBS["ingest"](world.second.workshop.context, older)

    assert (await world.second.desk.row(older)).ended_as is Outcome.IMPORTED
    assert await world.second.shown() == before


async def test_an_undo_after_the_restore_shows_what_was_there_before(world: World) -> None:
    older = await world.first.workshop.ingested(rows=3)
    before = await world.first.shown()
    newer = await world.first.workshop.ingested(rows=3, amount="55.00")
    await world.backed_up()
    await world.restored()

    await world.second.desk.service.undo(ALICE, newer.file_id)
    await JOBS["undo"](world.second.workshop.context, newer.file_id)

    assert await world.second.shown() == before
    assert (await world.second.desk.row(older.file_id)).is_at is Stage.COMPLETED


async def test_the_second_backup_copies_only_what_is_new(world: World) -> None:
    await world.first.workshop.ingested(rows=2000)
    full = await world.backed_up()
    parts = set((world.folder / "parts").iterdir())
    world.first.desk.clock.turn(seconds=5)
    nothing = await world.backed_up()
    none_new = set((world.folder / "parts").iterdir())
    world.first.desk.clock.turn(seconds=5)
    await world.first.workshop.ingested(rows=3, amount="1.00")
    little = await world.backed_up()

    assert none_new == parts
    assert nothing.new_bytes < full.new_bytes / 2
    assert len(set((world.folder / "parts").iterdir()) - parts) == 2
    assert little.new_bytes < full.new_bytes / 2
    assert (await world.restored()).files == 2
    assert await world.second.shown() == await world.first.shown()


async def test_old_backups_go_and_the_kept_ones_stay_whole(world: World) -> None:
    await world.first.workshop.ingested(rows=3)
    await world.backed_up()
    world.first.desk.clock.turn(seconds=5)
    await world.first.workshop.ingested(rows=2, amount="8.00")
    await world.backed_up()

    with hold(world.vault) as held:
        held.forget_all_but(1)

    assert len(world.vault.backups()) == 1
    verify(world.vault, world.vault.newest())


async def test_nothing_is_changed_when_a_part_is_damaged(world: World) -> None:
    await fill(world.first)
    await world.backed_up()
    part = max((world.folder / "parts").iterdir(), key=lambda path: path.stat().st_size)
    whole = part.read_bytes()
    part.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    with pytest.raises(NotSealed):
        await world.restored()
    part.unlink()
    with pytest.raises(NoBackup, match="missing"):
        await world.restored()

    assert await files(world.second) == []
    assert await world.second.shown() == []


async def test_it_goes_into_an_empty_installation_only(world: World) -> None:
    await world.first.workshop.ingested()
    await world.backed_up()
    await world.second.workshop.ingested(rows=2, amount="2.00")
    before = await world.second.shown()

    with pytest.raises(CannotRestore, match="holds 1 files"):
        await world.restored()

    assert await world.second.shown() == before


async def test_nothing_of_the_data_is_readable_in_the_vault(world: World) -> None:
    await world.first.workshop.ingested(rows=3, provider_code="provider-in-the-clear")
    await world.backed_up()

    content = b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())
    assert b"provider-in-the-clear" not in content
    assert ALICE.workspace_id.encode() not in content
    (about,) = world.folder.rglob("about.json")
    assert json.loads(about.read_text())["files"] == 1
