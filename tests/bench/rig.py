"""The parts of server and worker in this process, on the embedded systems: what `make up` runs.

Jobs are called directly, so that exactly their time is measured; no worker listens beside them.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from pydantic import SecretStr

from server.access.principal import Principal
from server.access.scopes import ALL_SCOPES
from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.tables import current_table, history_table, rejected_table
from server.db.migrate import migrate
from server.files.models import File
from server.files.repository import find_file
from server.files.schemas import UploadRequest
from server.files.tickets import UploadTicket
from server.parts import Parts, build_parts
from server.schema import metadata
from server.settings import Settings
from server.storage.embedded.endpoint import EmbeddedStore
from server.storage.embedded.originals import DiskOriginals
from server.storage.originals import SignedOriginals
from tests.bench.serving import served_in_thread
from worker import jobs
from worker.context import Context, context_of
from worker.embedded.valkey import ValkeyChild
from worker.prepare import prepare

COMMENT = "bench"
# Longer than the merges after 5 GB take.
_QUIET_SECONDS = 900


@dataclass(frozen=True)
class Rig:
    """What the measurements work with."""

    parts: Parts
    context: Context
    dataset: Dataset

    @property
    def analytics(self) -> Analytics:
        """Return the gateway that our ingest uses; the bare reference uses the same."""
        return self.parts.analytics

    async def send(
        self, path: Path, options: Mapping[str, object], principal: Principal | None = None
    ) -> UUID:
        """Have a file that waits for a worker, in a workspace of its own: keys never meet.

        Unless a principal is named: then the keys of that one's files do.
        """
        body = {
            "datasetType": self.dataset.name,
            "file": {"name": path.name, "type": "csv"},
            "options": options,
        }
        if principal is None:
            name = f"bench-{secrets.token_hex(4)}"
            principal = Principal(name, "key:bench", ALL_SCOPES, "bench")
        asked = UploadRequest.model_validate(body)
        ticket = await self.parts.files.uploads.request(principal, asked)
        assert isinstance(ticket, UploadTicket)
        await asyncio.to_thread(_put, ticket.upload_url, path)
        file_id = UUID(ticket.id)
        await self.context.arrivals.pin(file_id, "bench")
        return file_id

    async def ingest(self, file_id: UUID) -> float:
        """Run the job; return its seconds from start to return, which is after Completed."""
        began = time.perf_counter()
        await jobs.ingest(self.context, file_id)
        return time.perf_counter() - began

    async def record(self, file_id: UUID) -> File:
        """Return the file's row."""
        async with self.parts.units.begin() as unit:
            file = await find_file(unit, file_id)
        assert file is not None
        return file

    async def remove(self, file: File) -> None:
        """Remove the file's object: several of 5 GB would fill the disk."""
        await self.parts.storage.remove_version(file.object_key, file.object_version or "")

    async def quiet(self) -> None:
        """Bring ClickHouse to rest: empty tables, no merges, nothing dirty, no memory kept.

        Memory is given back because who comes soon after another statement finds it warm, and an
        upload lies before our job: on a virtual machine that was a second of the file's seven.
        """
        for name in (current_table, history_table, rejected_table):
            await truncate(self.analytics, name(self.dataset))
        async with asyncio.timeout(_QUIET_SECONDS):
            while await self._merges():  # noqa: ASYNC110 - it is ClickHouse that changes
                await asyncio.sleep(0.05)
        await asyncio.to_thread(os.sync)
        await self.analytics.command("SYSTEM JEMALLOC PURGE", comment=COMMENT)

    async def version(self) -> str:
        """Return ClickHouse's version."""
        found = await self.analytics.query("SELECT version() AS version", comment=COMMENT)
        return str(found.one()["version"])

    async def _merges(self) -> int:
        found = await self.analytics.query(
            "SELECT count() AS n FROM system.merges", comment=COMMENT
        )
        return int(str(found.one()["n"]))


async def truncate(analytics: Analytics, table: str) -> None:
    """Empty one of our database's tables at once."""
    await analytics.command(f"TRUNCATE TABLE {analytics.database}.{table} SYNC", comment=COMMENT)


@asynccontextmanager
async def rig(home: Path) -> AsyncIterator[Rig]:
    """Start everything below home; one at a time per process, as chDB is."""
    async with AsyncExitStack() as stack:
        valkey = _valkey(home)
        stack.callback(valkey.stop)
        valkey.start()
        settings = _settings(home, valkey.url)
        store = EmbeddedStore(
            home / "objects",
            bucket=settings.storage_bucket,
            access_key=settings.storage_access_key.get_secret_value(),
            secret_key=settings.storage_secret_key.get_secret_value(),
            region=settings.storage_region,
            max_object_bytes=settings.max_upload_bytes,
        )
        stack.callback(store.close)
        url = stack.enter_context(served_in_thread(store))
        addresses = {"storage_internal_url": url, "storage_public_url": url}
        parts = build_parts(settings.model_copy(update=addresses))
        stack.push_async_callback(parts.close)
        await migrate(parts.engine, metadata)
        signed = SignedOriginals(parts.storage)
        context = context_of(parts, DiskOriginals(store.disk, signed))
        await prepare(context)
        dataset = parts.catalogue.get("transactions")
        assert dataset is not None
        yield Rig(parts, context, dataset)


def _valkey(home: Path) -> ValkeyChild:
    home.mkdir(parents=True, exist_ok=True)
    return ValkeyChild(home)


def _settings(home: Path, valkey_url: str) -> Settings:
    return Settings(
        home=home,
        database_url=f"sqlite+aiosqlite:///{home / 'tallydock.db'}",
        valkey_url=valkey_url,
        clickhouse_dsn=SecretStr(f"chdb:///{str(home / 'clickhouse').lstrip('/')}"),
        storage_access_key=SecretStr("tallydock-bench"),
        storage_secret_key=SecretStr("a secret for the benchmark"),
    )


def _put(url: str, path: Path) -> None:
    with httpx.Client(timeout=None, trust_env=False) as client, path.open("rb") as file:  # noqa: S113 - 5 GB on a busy disk
        answer = client.put(url, content=file)
    assert answer.status_code == httpx.codes.OK, answer.text
