"""What the metrics say of the systems behind, on real parts and on none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from server.analytics.gateway import Analytics
from server.health import Health
from server.operations.repository import BACKUP, note_operation
from server.telemetry.metrics import REGISTRY
from tests.fixtures.files import Desk, clock, desk, settings
from tests.fixtures.ingest import engine
from tests.fixtures.worker import context, told
from worker.context import Context
from worker.maintenance.vitals import Vitals

__all__ = ["clock", "context", "desk", "engine", "settings", "told"]


def value(name: str, **labels: str) -> float:
    """Return what a metric shows now."""
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, name
    return found


@pytest.fixture
def vitals(context: Context, engine: Analytics) -> Vitals:
    """Give vitals over a real engine."""
    return Vitals(replace(context, analytics=engine))


async def test_each_system_is_up_and_its_disk_is_measured(vitals: Vitals) -> None:
    await vitals.round()

    for dependency in ("database", "storage", "analytics"):
        assert value("tallydock_dependency_up", dependency=dependency) == 1
    free = value("tallydock_disk_free_bytes", disk="default")
    assert 0 < free <= value("tallydock_disk_total_bytes", disk="default")


async def test_a_system_that_is_away_is_told_and_the_others_still_are(context: Context) -> None:
    await Vitals(context).round()

    assert value("tallydock_dependency_up", dependency="analytics") == 0
    assert value("tallydock_dependency_up", dependency="database") == 1


async def test_a_clock_that_differs_from_the_databases_is_told_once_and_shown(
    context: Context,
) -> None:
    ahead = 40
    skew = timedelta(seconds=ahead)
    at = datetime.now(UTC)
    vitals = Vitals(replace(context, clock=lambda: datetime.now(UTC) + skew))

    with capture_logs() as lines:
        for _ in range(2):
            await vitals.round()
        shown = value("tallydock_clock_ahead_seconds")
        skew = timedelta()
        await vitals.round()

    # SQLite tells whole seconds, and the machine that runs this may be slow.
    spent = (datetime.now(UTC) - at).total_seconds() + 1
    assert abs(shown - ahead) <= spent
    assert abs(value("tallydock_clock_ahead_seconds")) <= 1
    told = [line for line in lines if str(line["event"]).startswith("clock.")]
    assert [line["event"] for line in told] == ["clock.differs", "clock.agrees-again"]
    assert told[0]["log_level"] == "error"


async def test_an_outage_is_counted_and_logged_once_however_long_it_lasts() -> None:
    is_away = True

    async def ping() -> None:
        if is_away:
            raise OSError

    health = Health({"queue": ping})
    before = value("tallydock_dependency_outages_total", dependency="queue")
    with capture_logs() as lines:
        for _ in range(3):
            health._latest.clear()
            await health.readiness()
        is_away = False
        health._latest.clear()
        await health.readiness()

    assert value("tallydock_dependency_outages_total", dependency="queue") == before + 1
    assert [line["event"] for line in lines] == ["dependency.down", "dependency.up-again"]
    assert value("tallydock_dependency_up", dependency="queue") == 1


async def test_the_last_backup_is_told(vitals: Vitals, desk: Desk) -> None:
    await vitals.round()
    before = value("tallydock_last_backup_timestamp_seconds")
    async with desk.units.begin() as unit:
        await note_operation(unit, BACKUP, desk.clock.now)

    await vitals.round()

    assert before == 0
    assert value("tallydock_last_backup_timestamp_seconds") == desk.clock.now.timestamp()
