"""The sweep finds what nobody was told of, with and without Valkey."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import cast

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from server.errors import StorageUnavailable
from server.files.failures import FailureCode, FileFailed
from server.files.lifecycle import Outcome, Stage
from server.telemetry.metrics import SWEEP_FOUND
from tests.fixtures.files import ALICE, Desk, until
from tests.fixtures.worker import ToldPipeline
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance import awaited
from worker.maintenance.sweep import Sweep
from worker.runner import Runner


@pytest.fixture
def runner(context: Context) -> Runner:
    return Runner(context, JOBS)


@pytest_asyncio.fixture
async def sweep(context: Context, runner: Runner) -> AsyncIterator[Sweep]:
    yield Sweep(context, runner)
    await runner.stop()


def counted(kind: str) -> float:
    """Return how many files of a kind the sweep has found so far."""
    return cast(float, SWEEP_FOUND.labels(kind=kind)._value.get())


def found(logs: Sequence[Mapping[str, object]], kind: str) -> list[object]:
    """Return the files of which the log says that the sweep found them."""
    told = [line for line in logs if line["event"] == "sweep.found" and line["kind"] == kind]
    return [line["file_id"] for line in told]


async def test_bytes_that_nobody_told_of_are_pinned_and_woken(desk: Desk, sweep: Sweep) -> None:
    file_id, before = await desk.send(), counted("arrived")
    waiting = await desk.ask()

    with capture_logs() as logs:
        for _ in range(2):
            await sweep.round()

    assert (found(logs, "arrived"), counted("arrived")) == ([str(file_id)], before + 1)
    assert (await desk.row(file_id)).is_at is Stage.QUEUED
    assert (await desk.row(waiting)).is_at is Stage.AWAITING_UPLOAD
    assert ("ingest", file_id) in desk.queue.calls


async def test_with_many_awaited_files_the_store_is_listed(
    desk: Desk, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaited, "_LIST_FROM", 3)
    waiting = [await desk.ask() for _ in range(4)]
    file_id = await desk.send()

    await sweep.round()

    assert (await desk.row(file_id)).is_at is Stage.QUEUED
    assert {(await desk.row(other)).is_at for other in waiting} == {Stage.AWAITING_UPLOAD}


async def test_queued_files_are_woken_when_their_retry_is_due(desk: Desk, sweep: Sweep) -> None:
    claim = await desk.claimed()
    desk.queue.calls.clear()
    later = desk.clock.now
    desk.clock.turn(seconds=-10)
    await desk.claims.release(claim, "internal", later)

    await sweep.round()
    too_early = list(desk.queue.calls)
    desk.clock.turn(seconds=10)
    await sweep.round()

    assert too_early == []
    assert desk.queue.calls == [("ingest", claim.file_id)]


async def test_a_file_whose_worker_died_is_woken(desk: Desk, sweep: Sweep) -> None:
    claim, before = await desk.claimed(), counted("abandoned")
    desk.queue.calls.clear()
    await sweep.round()
    assert desk.queue.calls == []

    desk.clock.turn(seconds=31)
    with capture_logs() as logs:
        for _ in range(3):
            await sweep.round()

    assert desk.queue.calls == [("ingest", claim.file_id)] * 3
    assert found(logs, "abandoned") == [str(claim.file_id)]
    assert counted("abandoned") == before + 1


async def test_an_undo_that_nobody_does_is_woken(
    desk: Desk, sweep: Sweep, runner: Runner, told: ToldPipeline
) -> None:
    file_id = await desk.send_and_pin()
    await runner.run("ingest", file_id)
    await desk.service.undo(ALICE, file_id)
    desk.queue.calls.clear()

    await sweep.round()

    assert desk.queue.calls == [("undo", file_id)]


async def test_an_undo_whose_worker_died_is_woken_and_told_once(
    desk: Desk, sweep: Sweep, runner: Runner, told: ToldPipeline
) -> None:
    file_id, before = await desk.send_and_pin(), counted("abandoned")
    await runner.run("ingest", file_id)
    await desk.service.undo(ALICE, file_id)
    assert await desk.claims.claim_undo(file_id, "host:1/dead") is not None
    desk.queue.calls.clear()
    await sweep.round()
    assert desk.queue.calls == []

    desk.clock.turn(seconds=31)
    with capture_logs() as logs:
        for _ in range(3):
            await sweep.round()

    assert desk.queue.calls == [("undo", file_id)] * 3
    assert (found(logs, "abandoned"), counted("abandoned")) == ([str(file_id)], before + 1)


async def test_what_may_not_be_kept_is_destroyed_when_its_worker_died_before_it_could(
    desk: Desk, sweep: Sweep
) -> None:
    file_id, before = await desk.send_and_pin(), counted("refused")
    failure = FileFailed(FailureCode.PAN_DETECTED)
    await desk.set(file_id, stage="failed", outcome="failed", failure=failure.as_json())
    key = (await desk.row(file_id)).object_key

    with capture_logs() as logs:
        for _ in range(2):
            await sweep.round()

    assert await desk.storage.list_versions(key) == []
    assert (found(logs, "refused"), counted("refused")) == ([str(file_id)], before + 1)


async def test_what_several_workers_find_at_once_is_counted_and_told_once(
    desk: Desk, context: Context, runner: Runner
) -> None:
    arrived, abandoned = await desk.send(), (await desk.claimed("host:1/dead")).file_id
    refused, overdue = await desk.send_and_pin(), await desk.ask()
    failure = FileFailed(FailureCode.PAN_DETECTED).as_json()
    await desk.set(refused, stage="failed", outcome="failed", failure=failure)
    await desk.set(overdue, expires_at=desk.clock.now - timedelta(hours=7))
    desk.clock.turn(seconds=31)
    kinds = {"arrived": arrived, "abandoned": abandoned, "refused": refused, "expired": overdue}
    before = {kind: counted(kind) for kind in kinds}
    workers = [Sweep(context, runner) for _ in range(3)]

    with capture_logs() as logs:
        for _ in range(2):
            await asyncio.gather(*(worker.round() for worker in workers))
        # Killed once more, it is found once more.
        assert await desk.claims.claim(abandoned, "host:2/dead") is not None
        desk.clock.turn(seconds=31)
        await asyncio.gather(*(worker.round() for worker in workers))

    times = {kind: 2 if kind == "abandoned" else 1 for kind in kinds}
    assert {kind: found(logs, kind) for kind in kinds} == {
        kind: [str(file_id)] * times[kind] for kind, file_id in kinds.items()
    }
    assert {kind: counted(kind) - before[kind] for kind in kinds} == times


async def test_what_cannot_be_destroyed_yet_is_not_counted_as_found(
    desk: Desk, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id, before = await desk.send_and_pin(), counted("refused")
    failure = FileFailed(FailureCode.PAN_DETECTED)
    await desk.set(file_id, stage="failed", outcome="failed", failure=failure.as_json())

    async def away(_key: str) -> None:
        raise StorageUnavailable

    with capture_logs() as logs:
        with monkeypatch.context() as outage:
            outage.setattr(desk.storage, "list_versions", away)
            for _ in range(3):
                await sweep.round()
        during = counted("refused")
        await sweep.round()

    assert (during, counted("refused")) == (before, before + 1)
    assert found(logs, "refused") == [str(file_id)]


async def test_an_upload_that_never_came_is_given_up_after_the_grace(
    desk: Desk, sweep: Sweep
) -> None:
    file_id, before = await desk.ask(), counted("expired")
    desk.clock.turn(hours=6, minutes=59)
    await sweep.round()
    assert (await desk.row(file_id)).is_at is Stage.AWAITING_UPLOAD

    desk.clock.turn(minutes=2)
    with capture_logs() as logs:
        for _ in range(2):
            await sweep.round()

    assert (found(logs, "expired"), counted("expired")) == ([str(file_id)], before + 1)
    row = await desk.row(file_id)
    assert (row.is_at, row.ended_as) == (Stage.FAILED, Outcome.NEVER_UPLOADED)


async def test_nothing_is_given_up_while_the_store_is_away(
    desk: Desk, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = await desk.ask()
    queued = await desk.send_and_pin()
    desk.clock.turn(hours=8)
    desk.queue.calls.clear()

    async def away(_key: str) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(desk.storage, "oldest_version", away)

    await sweep.round()

    assert (await desk.row(file_id)).is_at is Stage.AWAITING_UPLOAD
    assert desk.queue.calls == [("ingest", queued)]


async def test_without_valkey_the_sweep_works_by_itself(
    desk: Desk, sweep: Sweep, told: ToldPipeline
) -> None:
    desk.queue.is_down = True
    files = [await desk.send() for _ in range(5)]

    async def is_done() -> bool:
        await sweep.round()
        rows = [await desk.row(file_id) for file_id in files]
        return all(row.is_at is Stage.COMPLETED for row in rows)

    await until(is_done)

    assert len(told.claims) == len(files)
