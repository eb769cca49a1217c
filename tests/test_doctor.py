"""The doctor on real parts: well when all is well, and each illness told with its cure."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio
from pydantic import SecretStr

from server.app import create_app
from server.datasets.catalogue import Catalogue
from server.datasets.column import Column, ColumnType
from server.datasets.provision import provision
from server.db.migrate import migrate
from server.doctor import bucket
from server.doctor.clocks import hold_clock
from server.doctor.examination import examine
from server.doctor.finding import Ill
from server.doctor.storage import check_clock
from server.operations.repository import BACKUP, DRAIN, WORKER, note_operation
from server.parts import Parts, build_parts
from server.schema import metadata
from server.settings import Settings
from server.storage.embedded.events import webhook_notifier
from server.storage.interface import ObjectVersion, Storage
from server.storage.keys import PROBES
from tests.fixtures.storage import ASGIApplication, StorageAddress, embedded_store, served
from worker.embedded.valkey import ValkeyChild


@pytest_asyncio.fixture
async def parts(tmp_path: Path, embedded_address: StorageAddress) -> AsyncIterator[Parts]:
    """Give parts around systems that answer, in which nothing has been made yet."""
    valkey = ValkeyChild(tmp_path)
    valkey.start()
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "database_url": f"sqlite+aiosqlite:///{tmp_path}/tallydock.db",
            "valkey_url": valkey.url,
            "clickhouse_dsn": f"chdb:///{str(tmp_path / 'clickhouse').lstrip('/')}",
            "storage_internal_url": embedded_address.url,
            "storage_public_url": embedded_address.url,
            "storage_access_key": embedded_address.access_key,
            "storage_secret_key": embedded_address.secret_key,
        }
    )
    parts = build_parts(settings)
    yield parts
    await parts.close()
    valkey.stop()


async def ill(parts: Parts) -> set[str]:
    """Return the names of what is not well."""
    return {finding.name for finding in await examine(parts) if finding.trouble}


async def test_what_is_missing_is_told_and_then_is_not(parts: Parts) -> None:
    empty = await ill(parts)
    await migrate(parts.engine, metadata)
    await parts.storage.ensure_bucket()
    await provision(parts.analytics, parts.catalogue)
    made = await ill(parts)
    grown = await ill(replace(parts, catalogue=_with_a_column(parts.catalogue)))

    assert empty >= {"database tables", "ClickHouse tables"}
    # No worker runs here, and nobody made a backup; this machine's disk may be full.
    assert {"worker", "backup"} <= made <= {"worker", "backup", "ClickHouse disk"}
    assert grown == {*made, "ClickHouse tables"}


def _with_a_column(catalogue: Catalogue) -> Catalogue:
    orders = catalogue.get("orders")
    assert orders is not None
    column = Column(name="shop", type=ColumnType.TEXT, description="Where")
    more = orders.model_copy(update={"columns": (*orders.columns, column)})
    return Catalogue({**{d.name: d for d in catalogue.all()}, "orders": more})


async def test_systems_that_do_not_answer_are_each_told(parts: Parts, tmp_path: Path) -> None:
    gone = build_parts(
        parts.settings.model_copy(
            update={
                "valkey_url": "redis://127.0.0.1:1",
                "storage_internal_url": "http://127.0.0.1:1",
            }
        )
    )

    found = await ill(gone)
    await gone.close()

    assert found >= {"queue", "object storage", "object versions", "ClickHouse reads the store"}
    assert not found & {"database", "ClickHouse"}


async def test_who_works_and_what_was_backed_up_is_seen(parts: Parts) -> None:
    await migrate(parts.engine, metadata)
    now = parts.clock()
    async with parts.units.begin() as unit:
        await note_operation(unit, WORKER, now)
        await note_operation(unit, BACKUP, now)
    fresh = await ill(parts)
    async with parts.units.begin() as unit:
        await note_operation(unit, WORKER, now - timedelta(minutes=5))
        await note_operation(unit, BACKUP, now - timedelta(hours=30))
        await note_operation(unit, DRAIN, now)
    stale = await ill(parts)
    async with parts.units.begin() as unit:
        await note_operation(unit, WORKER, now + timedelta(minutes=5))
    ahead = await ill(parts)

    assert not fresh & {"worker", "backup", "draining"}
    assert stale >= {"worker", "backup", "draining"}
    assert "worker" in ahead


async def test_the_doctor_leaves_nothing_in_the_store(parts: Parts) -> None:
    await parts.storage.ensure_bucket()

    await examine(parts)

    assert await probes(parts) == []


async def test_a_finding_about_a_stored_object_is_told_as_it_is(parts: Parts) -> None:
    await parts.storage.ensure_bucket()
    late = replace(parts, clock=lambda: parts.clock() + timedelta(hours=1))

    with pytest.raises(Ill, match="the object storage differs by"):
        await check_clock(late)


async def test_a_check_that_is_given_up_while_it_stores_leaves_nothing(parts: Parts) -> None:
    await parts.storage.ensure_bucket()
    slow = SlowToAnswer(parts.storage)
    check = asyncio.create_task(check_clock(replace(parts, storage=cast("Storage", slow))))

    await slow.has_stored.wait()
    kept = await probes(parts)
    check.cancel()
    await asyncio.sleep(0)
    slow.may_answer.set()

    with pytest.raises(asyncio.CancelledError):
        await check
    assert len(kept) == 1
    assert await probes(parts) == []


async def test_whether_the_store_tells_of_new_files_is_seen(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(parts.engine, metadata)
    await parts.storage.ensure_bucket()
    settings = parts.settings.model_copy(update={"storage_event_token": SecretStr("a token")})
    # This store tells nobody; nobody has to wait for long to know.
    with monkeypatch.context() as patched:
        patched.setattr(bucket, "ARRIVES_WITHIN_SECONDS", 0.2)
        with pytest.raises(Ill, match="no server hears"):
            await bucket.check_events(replace(parts, settings=settings))

    server = build_parts(settings)
    app = cast("ASGIApplication", create_app(server))
    with (
        served(app) as url,
        embedded_store(
            tmp_path / "objects", on_event=webhook_notifier(f"{url}/storage/events", "a token")
        ) as address,
    ):
        told = build_parts(
            settings.model_copy(
                update={"storage_internal_url": address.url, "storage_public_url": address.url}
            )
        )
        await bucket.check_events(told)
        left = await probes(told)
        await told.close()
    await server.close()

    assert left == []


class SlowToAnswer:
    """A store that has the object, and does not say so yet."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.has_stored = asyncio.Event()
        self.may_answer = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._storage, name)

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, content_type: str
    ) -> ObjectVersion:
        """Store it, and answer when told to."""
        stored = await self._storage.put_stream(key, chunks, content_type=content_type)
        self.has_stored.set()
        await self.may_answer.wait()
        return stored


async def probes(parts: Parts) -> list[str]:
    """Return the keys of the doctor's own objects; the store is shared with other tests."""
    return [found.key async for found in parts.storage.list_objects(f"{PROBES}/")]


def test_a_clock_that_is_wrong_is_told() -> None:
    now = datetime.now(UTC)

    hold_clock("the store", now + timedelta(seconds=4), now)
    with pytest.raises(Ill, match="store differs by 60 s"):
        hold_clock("the store", now - timedelta(seconds=60), now)
