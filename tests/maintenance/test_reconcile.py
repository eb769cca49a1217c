"""What dead workers and outages left behind is put right, counted and told once."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs

from server.access.models import IdempotentAnswer
from server.errors import AnalyticsUnavailable
from server.files.models import DatasetLock, File, FileEvent, Publication
from server.storage.keys import derived_key, probe_key
from server.telemetry.metrics import RECONCILED
from tests.fixtures.files import ALICE, Desk
from tests.fixtures.workshop import Workshop
from worker.ingest.dataset_lock import RECONCILER
from worker.maintenance.reconcile import Reconciler

HOUR = timedelta(hours=1)


async def _two_rounds(workshop: Workshop) -> None:
    """Have two workers, one after the other, put right what is wrong."""
    for _ in range(2):
        await Reconciler(workshop.context).round()


def repaired(kind: str) -> float:
    """Return how many things of a kind were put right so far."""
    return cast(float, RECONCILED.labels(kind=kind)._value.get())


def lines(logs: Sequence[Mapping[str, object]], kind: str, fact: str) -> list[object]:
    """Return what the log says was put right, by one of its facts."""
    told = [line for line in logs if line["event"] == "reconcile.repaired"]
    return [line[fact] for line in told if line["kind"] == kind]


async def test_tables_of_dead_runs_are_dropped_and_those_of_living_ones_stay(
    workshop: Workshop,
) -> None:
    desk, before = workshop.desk, repaired("table")
    dead = await desk.claimed("host:1/dead")
    desk.clock.turn(seconds=31)
    living = await desk.claims.claim(dead.file_id, "host:2/living")
    assert living is not None
    for claim in (dead, living):
        for purpose in ("staging", "next", "overlap"):
            await workshop.attempt(claim).create(purpose)

    reconciler = Reconciler(workshop.context)
    with capture_logs() as logs:
        await reconciler.round()
        await reconciler.round()

    told = {f"{p}_{dead.dataset_type}" for p in ("staging", "next", "overlap")}
    assert {str(table).rsplit("_", 3)[0] for table in lines(logs, "table", "table")} == told
    assert len(lines(logs, "table", "table")) == 3
    left = await workshop.tables()
    assert left == {workshop.attempt(living).bare_table(p) for p in ("staging", "next", "overlap")}
    assert repaired("table") == before + 3
    await workshop.attempt(living).drop_all()


async def test_what_several_workers_find_at_once_is_counted_and_told_once(
    workshop: Workshop,
) -> None:
    desk, before = workshop.desk, repaired("table")
    for number in range(3):
        dead = await desk.claimed(f"host:1/dead{number}")
        desk.clock.turn(seconds=31)
        await workshop.attempt(dead).create("staging")
        await desk.claims.claim(dead.file_id, f"host:2/other{number}")
    workers = [
        Reconciler(replace(workshop.context, worker_name=f"host:{number}")) for number in range(3)
    ]

    with capture_logs() as logs:
        turns = await asyncio.gather(*(worker.round() for worker in workers))

    assert sorted(turns) == [False, False, True]
    assert len(lines(logs, "table", "table")) == 3
    assert repaired("table") == before + 3
    assert await workshop.tables() == set()


async def test_what_a_dead_reconciler_held_is_free_again(workshop: Workshop) -> None:
    desk = workshop.desk
    async with desk.units.begin() as unit:
        expires_at = desk.clock.now + timedelta(seconds=30)
        unit.session.add(
            DatasetLock(dataset_type=RECONCILER, owner="host:1/dead", expires_at=expires_at)
        )
        unit.session.add(_answer("old", desk.clock.now - HOUR))
    before = repaired("idempotent-answer")

    assert not await Reconciler(workshop.context).round()
    while_held = repaired("idempotent-answer")
    desk.clock.turn(seconds=31)
    await Reconciler(workshop.context).round()

    assert (while_held, repaired("idempotent-answer")) == (before, before + 1)


async def test_two_runs_of_one_undo_do_not_share_their_tables(workshop: Workshop) -> None:
    desk = workshop.desk
    file = await workshop.ingested()
    await desk.service.undo(ALICE, file.file_id)
    dead = await desk.claims.claim_undo(file.file_id, "host:1/first")
    desk.clock.turn(seconds=31)
    living = await desk.claims.claim_undo(file.file_id, "host:2/second")
    assert dead is not None
    assert living is not None
    assert dead.attempt == living.attempt
    for claim in (dead, living):
        await workshop.attempt(claim).create("fill")

    await Reconciler(workshop.context).round()

    assert await workshop.tables() == {workshop.attempt(living).bare_table("fill")}
    await workshop.attempt(living).drop_all()


async def test_rows_of_dead_attempts_are_deleted_and_no_others(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("rows")
    file = await workshop.ingested(4)
    untouched = await workshop.ingested(2, provider_code="stripe")
    database = workshop.analytics.database
    # Attempts 2 to 4: dead, prepared and perhaps swapped, and worked on now.
    for attempt in (2, 3, 4):
        for table in ("transactions_history", "transactions_rejected"):
            await workshop.run(
                f"INSERT INTO {database}.{table} SELECT * REPLACE ({attempt} AS _attempt)"
                f" FROM (SELECT * FROM {database}.transactions_history"
                " WHERE _file = {file:UUID} AND _attempt = 1)",
                file=str(file.file_id),
            )
    await desk.set(
        file.file_id, attempt=4, lease_owner="host:1/living", lease_expires_at=desk.clock.now
    )
    async with desk.units.begin() as unit:
        unit.session.add(
            Publication(
                publication_id=file.file_id,
                dataset_type="transactions",
                generation=99,
                file_id=file.file_id,
                workspace_id=file.workspace_id,
                attempt=3,
                state="prepared",
                created_at=desk.clock.now,
            )
        )

    with capture_logs() as logs:
        await _two_rounds(workshop)

    deleted = lines(logs, "rows", "table")
    assert sorted(str(table) for table in deleted) == [
        "transactions_history",
        "transactions_rejected",
    ]
    assert await workshop.rows("transactions_history", file.file_id) == {1: 4, 3: 4, 4: 4}
    assert await workshop.rows("transactions_rejected", file.file_id) == {3: 4, 4: 4}
    assert await workshop.rows("transactions_current", file.file_id) == {1: 4}
    assert await workshop.rows("transactions_history", untouched.file_id) == {1: 2}
    assert repaired("rows") == before + 2


async def test_what_a_killed_doctor_stored_is_removed(workshop: Workshop) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"probe"

    desk, key = workshop.desk, probe_key(uuid4().hex)
    await desk.storage.put_stream(key, content(), content_type="text/plain")
    objects = Reconciler(workshop.context).objects

    await objects.remove_probes()
    kept = await desk.storage.list_versions(key)
    desk.clock.turn(hours=2)
    await objects.remove_probes()

    assert len(kept) == 1
    assert await desk.storage.list_versions(key) == []


async def test_what_a_dead_attempt_derived_is_removed(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("derived")
    claim = await desk.claimed("host:1/living")
    keys = [derived_key(claim.workspace_id, str(claim.file_id), number) for number in (0, 1)]
    for key in keys:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.put(desk.storage.presign_put(key, expires_in=HOUR), content=b"text")

    with capture_logs() as logs:
        await _two_rounds(workshop)

    assert await desk.storage.list_versions(keys[0]) == []
    assert len(await desk.storage.list_versions(keys[1])) == 1
    assert lines(logs, "derived", "file_id").count(str(claim.file_id)) == 1
    assert repaired("derived") == before + len(lines(logs, "derived", "file_id"))


async def test_an_object_no_row_knows_is_hidden_and_its_bytes_stay(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("object-without-row")
    known = await workshop.ingested()
    stray = known.object_key[:-4] + "0000"
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.put(desk.storage.presign_put(stray, expires_in=HOUR), content=b"whose?")
    objects = Reconciler(workshop.context).objects

    await objects.hide_strays()
    fresh = {found.key async for found in desk.storage.list_objects("incoming/")}
    desk.clock.turn(days=8)
    with capture_logs() as logs:
        await objects.hide_strays()
        await objects.hide_strays()

    assert lines(logs, "object-without-row", "key").count(stray) == 1
    old = {found.key async for found in desk.storage.list_objects("incoming/")}
    assert stray in fresh
    assert stray not in old
    assert known.object_key in old
    assert [version.size_bytes for version in await desk.storage.list_versions(stray)] == [6]
    assert repaired("object-without-row") >= before + 1


async def test_a_row_whose_object_is_gone_is_told_once(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("row-without-object")
    gone, there = await workshop.ingested(), await workshop.ingested(5)
    assert gone.object_version is not None
    await desk.storage.remove_version(gone.object_key, gone.object_version)
    desk.clock.turn(seconds=60)

    with capture_logs() as logs:
        for _ in range(2):
            await Reconciler(workshop.context).round()

    assert lines(logs, "row-without-object", "file_id") == [str(gone.file_id)]
    assert (await desk.history(gone.file_id)).count("object.missing") == 1
    assert "object.missing" not in await desk.history(there.file_id)
    assert repaired("row-without-object") == before + 1
    async with desk.units.begin() as unit:
        told = await unit.session.exec(
            select(FileEvent).where(col(FileEvent.cause) == "object.missing")
        )
        assert [event.actor for event in told] == ["reconciler"]


async def test_multipart_uploads_nobody_completes_are_aborted(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("multipart")
    awaited, cancelled = [await _asked_in_parts(desk) for _ in range(2)]
    lost_key = awaited.object_key[:-4] + "0001"
    lost = await desk.storage.create_multipart(lost_key)
    await desk.set(cancelled.file_id, stage="failed", outcome="cancelled")
    reconciler = Reconciler(workshop.context)

    await reconciler.round()
    begun_before = {begun.multipart_id for begun in await desk.storage.list_multiparts()}
    desk.clock.turn(hours=2)
    with capture_logs() as logs:
        for _ in range(2):
            await reconciler.round()

    begun = {begun.multipart_id for begun in await desk.storage.list_multiparts()}
    assert {awaited.multipart_id, lost} <= begun_before
    assert awaited.multipart_id in begun
    assert not {lost, cancelled.multipart_id} & begun
    assert lines(logs, "multipart", "key").count(lost_key) == 1
    assert repaired("multipart") == before + len(lines(logs, "multipart", "key"))


async def _asked_in_parts(desk: Desk) -> File:
    file_id = await desk.ask(
        body={
            "file": {"name": "a.csv", "type": "csv", "sizeBytes": 20_000_000},
            "multipart": {"partSizeBytes": 10_000_000},
        }
    )
    return await desk.row(file_id)


async def test_answers_whose_time_is_over_are_removed(workshop: Workshop) -> None:
    desk, before = workshop.desk, repaired("idempotent-answer")
    for slot, hours in (("old", -1), ("new", 1)):
        async with desk.units.begin() as unit:
            unit.session.add(_answer(slot, desk.clock.now + hours * HOUR))

    with capture_logs() as logs:
        await _two_rounds(workshop)

    assert lines(logs, "idempotent-answer", "count") == [1]
    async with desk.units.begin() as unit:
        left = await unit.session.exec(select(IdempotentAnswer.slot))
        assert list(left) == ["new"]
    assert repaired("idempotent-answer") == before + 1


def _answer(slot: str, expires_at: datetime) -> IdempotentAnswer:
    return IdempotentAnswer(
        slot=slot,
        workspace_id="w",
        request_hash="h",
        status=201,
        headers=[],
        body=b"",
        is_signed=False,
        created_at=expires_at - HOUR,
        expires_at=expires_at,
    )


async def test_publishing_is_part_of_the_durations_that_are_told(workshop: Workshop) -> None:
    file = await workshop.ingested()

    durations = (file.statistics or {})["durations"]
    assert isinstance(durations, dict)
    assert set(durations) == {f"{n}Seconds" for n in ("queued", "inspect", "load", "publish")}


async def test_a_step_that_fails_keeps_no_other_from_running(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, before = workshop.desk, repaired("idempotent-answer")
    async with desk.units.begin() as unit:
        unit.session.add(_answer("old", desk.clock.now - HOUR))
    monkeypatch.setattr(workshop.analytics, "query", _away)

    await Reconciler(workshop.context).round()

    assert repaired("idempotent-answer") == before + 1


async def _away(*_: object, **__: object) -> None:
    raise AnalyticsUnavailable
