"""A database goes forward, by two minor versions at most, and never back."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.db.engine import create_engine, create_sessions
from server.db.migrate import check, downgrade, newest_revision
from server.operations.repository import newest_installation, note_installation
from server.operations.versions import VersionRefused, bring_up, check_step
from server.schema import metadata
from server.unit_of_work import UnitsOfWork
from server.version import VERSION
from tests.fixtures.database import HandClock, RecordingQueue


@pytest.fixture
async def empty(each_database_url: str) -> AsyncIterator[AsyncEngine]:
    """Give an empty database of each kind."""
    engine = create_engine(each_database_url)
    yield engine
    await engine.dispose()


def units_of(engine: AsyncEngine) -> UnitsOfWork:
    """Return transactions on it."""
    return UnitsOfWork(create_sessions(engine), RecordingQueue())


async def test_an_empty_database_is_brought_up_and_told_of_it(empty: AsyncEngine) -> None:
    units, clock = units_of(empty), HandClock()

    await bring_up(empty, units, metadata, clock)
    await bring_up(empty, units, metadata, clock)

    await check(empty, metadata)
    async with units.begin() as unit:
        noted = await newest_installation(unit)
    assert noted is not None
    assert (noted.version, noted.revision, noted.at) == (VERSION, newest_revision(), clock.now)


async def test_a_database_from_before_versions_were_noted_is_brought_up(
    empty: AsyncEngine,
) -> None:
    units, clock = units_of(empty), HandClock()
    await bring_up(empty, units, metadata, clock)
    await downgrade(empty, metadata, to="0004")

    await bring_up(empty, units, metadata, clock)

    await check(empty, metadata)


async def test_a_later_version_has_run_and_nothing_is_changed(empty: AsyncEngine) -> None:
    units, clock = units_of(empty), HandClock()
    await bring_up(empty, units, metadata, clock)
    async with units.begin() as unit:
        await note_installation(unit, "99.0.0", "9999", clock.now.replace(year=2030))

    with pytest.raises(VersionRefused, match=r"99\.0\.0 has run"):
        await bring_up(empty, units, metadata, clock)

    async with units.begin() as unit:
        noted = await newest_installation(unit)
    assert noted is not None
    assert noted.version == "99.0.0"


@pytest.mark.parametrize(
    ("earlier", "here"),
    [("1.2.3", "1.2.3"), ("1.2.9", "1.3.0"), ("1.2.0", "1.4.7"), ("1.9.0", "1.10.0")],
)
def test_a_step_that_is_allowed(earlier: str, here: str) -> None:
    check_step(earlier, here)


@pytest.mark.parametrize(
    ("earlier", "here", "why"),
    [
        ("1.2.4", "1.2.3", "not taken back"),
        ("1.10.0", "1.9.9", "not taken back"),
        ("1.2.0", "1.5.0", "too far"),
        ("1.2.0", "2.0.0", "too far"),
    ],
)
def test_a_step_that_is_refused(earlier: str, here: str, why: str) -> None:
    with pytest.raises(VersionRefused, match=why):
        check_step(earlier, here)
