"""The house as production runs it: every part a process of its own, that can be taken away.

PostgreSQL, Valkey, a store (ours or MinIO), ClickHouse over HTTP (the stand-in), the server and its
workers.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from server.db.migrate import migrate
from server.parts import build_parts
from server.schema import metadata
from server.settings import Settings
from tests.faults.daemon import Daemon, Database, Part, free_port, listens
from tests.faults.holding import Holding
from tests.fixtures.clickhouse.server import ClickHouseServer
from tests.fixtures.client import Client
from tests.fixtures.house import EVENT_TOKEN
from tests.fixtures.postgres import running_postgres, sqlalchemy_url
from tests.fixtures.storage import StorageAddress, is_healthy, minio_command
from worker.context import context_of
from worker.prepare import prepare

# Short, so that what is left to time is soon over; all of it is settings of production.
QUICK: Mapping[str, object] = {
    "lease_seconds": 3,
    "sweep_seconds": 0.5,
    "retry_base_seconds": 0.5,
    "log_level": "WARNING",
}


@dataclass(frozen=True)
class Plant:
    """A house that runs."""

    settings: Settings
    key: str
    holding: Holding
    server: Daemon
    parts: Mapping[str, Part]
    """What can be away, by the name that `/health/ready` has for it."""
    folder: Path
    workers: list[Daemon] = field(default_factory=list)

    def client(self) -> Client:
        """Return a client with the first key."""
        return Client(f"http://127.0.0.1:{self.settings.port}", self.key)

    def hire(self, **settings: object) -> Daemon:
        """Start one more worker, with other settings."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        environment = _environment(self.settings.model_copy(update=settings))
        worker = Daemon([sys.executable, "-m", "worker"], log, environment=environment)
        worker.start()
        self.workers.append(worker)
        return worker

    def ready(self) -> tuple[int, dict[str, str]]:
        """Return the status of `/health/ready` and how every dependency is."""
        answer = httpx.get(
            f"http://127.0.0.1:{self.settings.port}/health/ready", trust_env=False, timeout=20
        )
        told = answer.json()["dependencies"]
        return answer.status_code, {name: found["status"] for name, found in told.items()}


@contextmanager
def running_plant(
    folder: Path, *, has_events: bool = True, on_minio: bool = False
) -> Iterator[Plant]:
    """Run all parts, the server and one worker until the block ends.

    Args:
        folder: for their data and logs.
        has_events: whether the store tells of what arrives; a MinIO here never does.
        on_minio: whether a real MinIO is the store.

    Raises:
        pytest.skip.Exception: a part is not on this machine.
    """
    pytest.importorskip("chdb", reason="the embedded engine is not installed")
    valkey = shutil.which("valkey-server") or shutil.which("redis-server")
    if valkey is None:
        pytest.skip("no Valkey or Redis server: install `redis-server`")
    port, valkey_port, store_port = free_port(), free_port(), free_port()
    events = [f"http://127.0.0.1:{port}/storage/events"] if has_events else []
    python = [sys.executable, "-m"]
    store = StorageAddress(url=f"http://127.0.0.1:{store_port}")
    storage = (
        _minio(folder, store)
        if on_minio
        else Daemon(
            [*python, "tests.faults.store", str(store_port), str(folder / "store"), *events],
            folder / "store.log",
            is_up=lambda: listens(store_port),
        )
    )
    with running_postgres() as postgres:
        clickhouse = ClickHouseServer(folder)
        parts: dict[str, Part] = {
            "database": Database(postgres),
            "analytics": clickhouse,
            "queue": Daemon(
                [valkey, "--port", str(valkey_port), "--save", "", "--appendonly", "no"],
                folder / "valkey.log",
                is_up=lambda: listens(valkey_port),
            ),
            "storage": storage,
        }
        settings = _settings(
            folder,
            port=port,
            database_url=sqlalchemy_url(postgres.url, "postgres"),
            valkey_url=f"redis://127.0.0.1:{valkey_port}/0",
            clickhouse_dsn=SecretStr(clickhouse.dsn),
            store=store,
        )
        server = Daemon(
            [*python, "uvicorn", "--factory", "server.asgi:app", "--port", str(port)],
            folder / "server.log",
            is_up=lambda: listens(port),
            environment=_environment(settings),
        )
        holding = Holding(postgres.url)
        plant: Plant | None = None
        try:
            for name in ("analytics", "queue", "storage"):
                parts[name].start()
            key = asyncio.run(_set_up(settings))
            holding.prepare()
            server.start()
            plant = Plant(settings, key, holding, server, parts, folder)
            plant.hire()
            yield plant
        finally:
            for ended in (server, *(plant.workers if plant is not None else [])):
                ended.kill()
            for name in ("analytics", "queue", "storage"):
                parts[name].kill()
            holding.close()


def _minio(folder: Path, address: StorageAddress) -> Daemon:
    command, environment = minio_command(folder / "minio", address)
    return Daemon(
        command,
        folder / "minio.log",
        is_up=lambda: is_healthy(address.url),
        environment=environment,
    )


async def _set_up(settings: Settings) -> str:
    """Make tables and bucket; return the first key."""
    parts = build_parts(settings)
    await migrate(parts.engine, metadata)
    await prepare(context_of(parts))
    async with parts.units.begin() as unit:
        first = await parts.access.set_up(unit, workspace="main", admin_email="a@example.com")
    await parts.close()
    assert first is not None
    return first.api_key


def _settings(folder: Path, *, store: StorageAddress, **more: object) -> Settings:
    values = {
        **QUICK,
        "home": folder,
        "storage_internal_url": store.url,
        "storage_public_url": store.url,
        "storage_bucket": store.bucket,
        "storage_access_key": SecretStr(store.access_key),
        "storage_secret_key": SecretStr(store.secret_key),
        "storage_event_token": SecretStr(EVENT_TOKEN),
        **more,
    }
    return Settings.model_validate(values)


def _environment(settings: Settings) -> dict[str, str]:
    told: dict[str, str] = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        told[f"TALLYDOCK_{name.upper()}"] = text
    return told
