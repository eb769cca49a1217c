"""What a job can be about when it is killed: every way a file can go through the house."""

import gzip
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from server.files.repository import get_file
from tests.faults.worlds import Scenario, World
from tests.fixtures.files import ALICE
from tests.fixtures.rows import good, to_csv

ROWS = 2000
# Passes Luhn and begins as a Visa card; made up.
CARD = "4929871276345018"


async def correction(world: World) -> tuple[str, UUID]:
    """A file between two others: it replaces rows, moves them, is outdated, and has faults."""
    count = ROWS
    older = await world.send(_file(range(1, count), amount="1.00"))
    target = await world.send(
        _file(
            range(count // 2, count + 500),
            amount="2.00",
            created_at="2025-07-15 08:00:00",
            more=[
                good(count + 900, amount="not a number"),
                good(count + 901, timezone="Nowhere/None"),
                *(good(count + 902, amount="3.00") for _ in range(2)),
                *(good(count + 903, amount=amount) for amount in ("4.00", "5.00")),
            ],
        )
    )
    newer = await world.send(_file(range(count, count + 100), amount="9.00"))
    for file_id in (older, newer):
        await world.work("ingest", file_id)
    return "ingest", target


async def reprocess(world: World) -> tuple[str, UUID]:
    """The same file, judged once more in its own place."""
    job, target = await correction(world)
    await world.work(job, target)
    await world.parts.files.reprocess(ALICE, target)
    return job, target


async def undo(world: World) -> tuple[str, UUID]:
    """A file is undone that has an identical one behind it, and an older one below."""
    older = await world.send(_file(range(1, 2000), amount="1.00"))
    data = _file(range(1000, 3000), amount="2.00", created_at="2025-07-15 08:00:00")
    target, twin = await world.send(data), await world.send(data)
    for file_id in (older, target, twin):
        await world.work("ingest", file_id)
    await world.parts.files.undo(ALICE, target)
    return "undo", target


async def packed(world: World) -> tuple[str, UUID]:
    """A compressed file."""
    return "ingest", await world.send(gzip.compress(_file(range(1, ROWS))))


async def transcoded(world: World) -> tuple[str, UUID]:
    """A file in UTF-16: a derived object is made, read and removed again."""
    return "ingest", await world.send(_file(range(1, ROWS)).decode().encode("utf-16"))


async def duplicate(world: World) -> tuple[str, UUID]:
    """The bytes of a file that is visible, once more."""
    data = _file(range(1, ROWS))
    await world.work("ingest", await world.send(data))
    return "ingest", await world.send(data)


async def wanted_twice(world: World) -> tuple[str, UUID]:
    """The bytes of a file that is visible, wanted all the same."""
    data = _file(range(1, ROWS))
    await world.work("ingest", await world.send(data))
    return "ingest", await world.send(data, allowDuplicate=True)


async def dry_run(world: World) -> tuple[str, UUID]:
    """A file that is only judged."""
    data = _file(range(1, ROWS), more=[good(ROWS, amount="none")])
    return "ingest", await world.send(data, dryRun=True)


async def failing(world: World) -> tuple[str, UUID]:
    """A file whose one bad row fails it."""
    data = _file(range(1, ROWS), more=[good(ROWS, amount="none")])
    return "ingest", await world.send(data, onError="abort")


async def failing_reprocess(world: World) -> tuple[str, UUID]:
    """A visible file that is to be judged again, and whose bytes are gone from the store."""
    file_id = await world.send(_file(range(1, 200)))
    await world.work("ingest", file_id)
    async with world.parts.units.begin() as unit:
        file = await get_file(unit, ALICE.workspace_id, file_id)
    assert file.object_version is not None
    await world.parts.storage.remove_version(file.object_key, file.object_version)
    await world.parts.files.reprocess(ALICE, file_id)
    return "ingest", file_id


async def repair(world: World) -> tuple[str, UUID]:
    """The rejected rows of a file, sent again."""
    bad = [good(number, amount="none") for number in range(ROWS, ROWS + 20)]
    first = await world.send(_file(range(1, ROWS), more=bad))
    await world.work("ingest", first)
    return "ingest", await world.send(_file(range(ROWS, ROWS + 20)), repairOf=str(first))


async def card_number(world: World) -> tuple[str, UUID]:
    """A file with a card number: nothing of it may stay, not even its object."""
    more = [good(ROWS, merchant_reference=CARD)]
    return "ingest", await world.send(_file(range(1, ROWS), more=more))


SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        made.__name__: made
        for made in (
            *(correction, reprocess, undo, packed, transcoded, duplicate, wanted_twice),
            *(dry_run, failing, failing_reprocess, repair, card_number),
        )
    }
)


def _file(numbers: range, *, more: Sequence[Mapping[str, str]] = (), **cells: str) -> bytes:
    return to_csv([*(good(number, **cells) for number in numbers), *more]).encode()
