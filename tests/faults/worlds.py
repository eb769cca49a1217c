"""Small worlds in which a job is killed: what was there before it, and what is there after it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
from pydantic import SecretStr
from sqlmodel import select

from server.analytics.gateway import Analytics
from server.clock import utc_now
from server.db.migrate import migrate
from server.files.models import File, FileEvent, Publication
from server.files.tickets import UploadTicket
from server.parts import Parts, assemble
from server.schema import metadata
from server.settings import Settings
from server.storage import s3
from tests.faults.probe import NobodyListens, Probe, probed
from tests.fixtures.files import ALICE, asked
from tests.fixtures.storage import StorageAddress
from worker.context import Context, context_of
from worker.jobs import JOBS
from worker.maintenance.reconcile import Reconciler
from worker.maintenance.sweep import Sweep
from worker.prepare import prepare
from worker.runner import Runner

DATASET = "transactions"
LEASE_SECONDS = 300
ENDS = ("file.completed", "file.failed", "file.undone", "duplicate.promoted")


def settings_of(folder: Path, store: StorageAddress) -> Settings:
    """Return the settings of the world below a folder."""
    values: dict[str, object] = {
        "home": folder,
        "database_url": f"sqlite+aiosqlite:///{folder / 'tallydock.db'}",
        "valkey_url": "redis://127.0.0.1:1/0",
        "clickhouse_dsn": SecretStr(f"chdb:///{folder / 'clickhouse'}"),
        "storage_internal_url": store.url,
        "storage_public_url": store.url,
        "storage_bucket": store.bucket,
        "storage_access_key": SecretStr(store.access_key),
        "storage_secret_key": SecretStr(store.secret_key),
        "query_threads": 1,
        # A machine that is busy must not take a lease from a worker that lives.
        "lease_seconds": LEASE_SECONDS,
    }
    return Settings.model_validate(values)


@dataclass(frozen=True)
class World:
    """One process's hold on a world."""

    parts: Parts
    context: Context

    async def send(self, data: bytes, **options: object) -> UUID:
        """Send a file and have it pinned."""
        wish = {"options": options} if options else {}
        ticket = await self.parts.files.uploads.request(ALICE, asked(wish))
        assert isinstance(ticket, UploadTicket)
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.put(ticket.upload_url, content=data)).raise_for_status()
        file_id = UUID(ticket.id)
        await self.context.arrivals.pin(file_id, "storage")
        return file_id

    async def work(self, job: str, file_id: UUID) -> None:
        """Run a job as a worker does."""
        await JOBS[job](self.context, file_id)

    async def close(self) -> None:
        """Let go of everything."""
        self.context.analytics.close()
        await self.parts.close()


def open_world(
    folder: Path, store: StorageAddress, probe: Probe | None = None, *, later_seconds: float = 0
) -> World:
    """Return the hold of a new process.

    Args:
        folder: the world.
        store: where its objects are.
        probe: what the worker's calls pass.
        later_seconds: how much later it is: the leases of the dead have run out by then.
    """
    settings = settings_of(folder, store)

    def clock() -> datetime:
        return utc_now() + timedelta(seconds=later_seconds)

    parts = assemble(
        settings,
        storage=s3.from_settings(settings),
        analytics=Analytics.from_settings(settings),
        queue=NobodyListens(),
        clock=clock,
    )
    context = context_of(parts)
    if probe is not None:
        context = probed(context, probe)
    return World(parts, context)


Scenario = Callable[[World], Awaitable[tuple[str, UUID]]]
"""Builds what there is before a job; returns the job and its file."""


async def make(scenario: Scenario, folder: Path, store: StorageAddress) -> dict[str, object]:
    """Build a world up to the moment before its job; return the job."""
    world = open_world(folder, store)
    await migrate(world.parts.engine, metadata)
    await prepare(world.context)
    job, target = await scenario(world)
    await world.close()
    return {"job": job, "file": str(target)}


async def run(
    job: str, target: str, folder: Path, store: StorageAddress, probe: Probe
) -> dict[str, object]:
    """Do the job past the probe; return the points and what is there afterwards."""
    world = open_world(folder, store, probe)
    await world.work(job, UUID(target))
    points = dict(probe.passed)
    # As after a death: what was derived from the file goes with the next round.
    await Reconciler(world.context).round()
    state = await _state(world)
    await world.close()
    return {"points": points, "state": state}


async def recover(target: str, folder: Path, store: StorageAddress) -> dict[str, object]:
    """Be the worker that is started after the death; return what is there when it is done."""
    world = open_world(folder, store, later_seconds=2 * LEASE_SECONDS)
    runner = Runner(world.context, JOBS)
    sweep = Sweep(world.context, runner)
    is_over = False
    while not is_over:
        # Once more after the end: what was to be destroyed may still be there.
        is_over = await _is_over(world, UUID(target))
        await sweep.round()
        await asyncio.gather(*runner._running.values())
    await Reconciler(world.context).round()
    state = await _state(world)
    await world.close()
    return {"state": state}


async def _is_over(world: World, target: UUID) -> bool:
    async with world.context.units.begin() as unit:
        file = await unit.session.get(File, target)
    assert file is not None
    return file.is_at.status.is_final and (
        file.undo_requested_at is None or file.undone_at is not None
    )


async def _state(world: World) -> dict[str, object]:
    """Return all that callers and operators can see, without times and numbers of attempts."""
    ask = partial(_ask, world)
    async with world.context.units.begin() as unit:
        files = list(await unit.session.exec(select(File).order_by(File.uploaded_at)))  # type: ignore[arg-type]  # a column
        events = list(await unit.session.exec(select(FileEvent)))
        publications = list(await unit.session.exec(select(Publication)))
    content = "cityHash64(transaction_id, amount, created_at, provider_code, _file, _row)"
    return {
        "current": await ask(f"SELECT count(), sum({content}), sum(amount) FROM {DATASET}_current"),
        "files": [_told(file) for file in files],
        "history": await ask(
            f"SELECT _file, count(), uniqExact(_attempt) FROM {DATASET}_history"
            " GROUP BY _file ORDER BY _file"
        ),
        "rejected": await ask(
            f"SELECT _file, count(), uniqExact(_attempt) FROM {DATASET}_rejected"
            " GROUP BY _file ORDER BY _file"
        ),
        "left": await ask(
            "SELECT name FROM system.tables WHERE database = 'tallydock'"
            " AND match(name, '_[0-9a-f]{32}_')"
        ),
        "ends": sorted(f"{event.file_id} {event.cause}" for event in events if event.cause in ENDS),
        "objects": sorted([found.key async for found in world.parts.storage.list_objects("")]),
        "prepared": [str(p.file_id) for p in publications if p.state == "prepared"],
    }


async def _ask(world: World, sql: str) -> list[list[str]]:
    found = await world.context.analytics.query(
        sql.replace(f"{DATASET}_", f"tallydock.{DATASET}_"), comment="test"
    )
    return [[str(cell) for cell in row] for row in found.rows]


def _told(file: File) -> dict[str, object]:
    statistics = {k: v for k, v in (file.statistics or {}).items() if k != "durations"}
    return {
        "file": str(file.file_id),
        "stage": file.stage,
        "outcome": file.outcome,
        "statistics": statistics,
        "issues": file.issues,
        "is_published": file.published_attempt is not None,
        "lease": file.lease_owner,
    }
