"""Units of work that join their request's transaction, on both kinds of database."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import col, select

from server.access.models import Workspace
from server.access.request_units import RequestUnits
from server.db.engine import create_engine, create_sessions
from server.schema import metadata
from tests.fixtures.database import HandClock, RecordingQueue


@pytest.fixture
async def units(each_database_url: str, queue: RecordingQueue) -> AsyncIterator[RequestUnits]:
    """Give units of work on each kind of database."""
    engine = create_engine(each_database_url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield RequestUnits(create_sessions(engine), queue)
    await engine.dispose()


async def names(units: RequestUnits) -> list[str]:
    """Return the names of all workspaces, as others see them."""
    async with units.begin() as unit:
        statement = select(Workspace.name).order_by(col(Workspace.name))
        return list((await unit.session.exec(statement)).all())


async def write(units: RequestUnits, clock: HandClock, name: str, *, fails: bool = False) -> None:
    """Write a workspace in a unit of its own."""
    async with units.begin() as unit:
        unit.session.add(Workspace(workspace_id=name, name=name, created_at=clock()))
        await unit.session.flush()
        if fails:
            raise LookupError


async def test_joined_units_are_durable_together(units: RequestUnits, clock: HandClock) -> None:
    async with units.begin() as outer:
        with units.joining(outer):
            await write(units, clock, "a")
            await write(units, clock, "b")
        before = await names(units)

    assert before == []
    assert await names(units) == ["a", "b"]


async def test_joined_units_are_undone_together(units: RequestUnits, clock: HandClock) -> None:
    async def write_and_fail() -> None:
        async with units.begin() as outer:
            with units.joining(outer):
                await write(units, clock, "a")
            raise KeyError

    with pytest.raises(KeyError):
        await write_and_fail()

    assert await names(units) == []


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        (("a!", "b"), ["b"]),
        (("a", "b!"), ["a"]),
        (("a", "b!", "c"), ["a", "c"]),
        (("a!", "b!", "c"), ["c"]),
    ],
)
async def test_a_unit_that_fails_is_undone_alone(
    units: RequestUnits, clock: HandClock, steps: tuple[str, ...], left: list[str]
) -> None:
    async with units.begin() as outer:
        with units.joining(outer):
            await names(units)
            for step in steps:
                if step.endswith("!"):
                    with pytest.raises(LookupError):
                        await write(units, clock, step, fails=True)
                else:
                    await write(units, clock, step)

    assert await names(units) == left
