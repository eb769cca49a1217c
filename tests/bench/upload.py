"""`POST /analytics/files/upload` against a bare handler that validates the same body.

The bare handler is Litestar alone: it writes one row into the same table of the same database, with
one commit, and knows no keys, scopes, limits, request ids, signatures or metrics. Both stand behind
a real uvicorn in one loop, and are asked in turn over a connection each.
"""

import asyncio
import http.client
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import uvloop
from litestar import Litestar, post
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel, insert

from server.analytics.gateway import Analytics
from server.app import create_app
from server.clock import utc_now
from server.db.engine import create_engine
from server.db.migrate import migrate
from server.files.ids import new_id
from server.files.lifecycle import Stage
from server.files.schemas import UploadRequest
from server.parts import assemble
from server.schema import metadata
from server.storage import s3
from tests.bench.report import Measure
from tests.bench.serving import served
from tests.fixtures.database import RecordingQueue
from tests.fixtures.http import UPLOAD, make_settings
from tests.fixtures.postgres import running_postgres, sqlalchemy_url

_BAR = "≤ 2.00"
_BODY = json.dumps(
    {
        "datasetType": "transactions",
        "file": {"name": "northwind_transactions_2025-01-01.csv", "type": "csv"},
        "options": {"onError": "quarantine", "maxRejectedRatio": 0.05},
        "metadata": {"source": "erp", "batch": "2025-01-01"},
    }
)


def measure(folder: Path, *, requests: int, warm_up: int) -> tuple[list[Measure], list[str]]:
    """Return the milliseconds on each kind of database, and what was skipped.

    Args:
        folder: for the SQLite file.
        requests: how many are measured, of each handler.
        warm_up: how many are made before.
    """
    url = f"sqlite+aiosqlite:///{folder / 'upload.db'}"
    measures, skipped = [_run("SQLite", url, folder, requests, warm_up)], []
    try:
        with _postgres() as url:
            measures.append(_run("PostgreSQL", url, folder, requests, warm_up))
    except pytest.skip.Exception as reason:
        skipped.append(f"upload on PostgreSQL: {reason}")
    return measures, skipped


def _run(name: str, url: str, home: Path, requests: int, warm_up: int) -> Measure:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measured(name, url, home, requests, warm_up))


async def _measured(name: str, url: str, home: Path, requests: int, warm_up: int) -> Measure:
    settings = make_settings(
        home, database_url=url, requests_per_second=1_000_000, max_pending_files=1_000_000
    )
    parts = assemble(
        settings,
        storage=s3.from_settings(settings),
        analytics=Analytics.from_settings(settings),
        queue=RecordingQueue(),
        clock=utc_now,
    )
    await migrate(parts.engine, metadata)
    async with parts.units.begin() as unit:
        made = await parts.access.set_up(unit, workspace="main", admin_email="a@example.com")
    assert made is not None
    engine = create_engine(url)
    async with served(create_app(parts)) as ours, served(_bare_app(engine)) as bare:
        taken = await asyncio.to_thread(_ask_in_turn, (ours, bare), made.api_key, requests, warm_up)
    await engine.dispose()
    await parts.close()
    return Measure(
        part="upload",
        case=name,
        unit="ms",
        ours=taken[0],
        bare=taken[1],
        bar=_BAR,
        detail={"warmUp": warm_up},
    )


def _bare_app(engine: AsyncEngine) -> Litestar:
    files = insert(SQLModel.metadata.tables["files"])

    @post(UPLOAD)
    async def write(data: JSONBody[UploadRequest]) -> dict[str, str]:
        file_id, now = new_id(), utc_now()
        row = {
            "file_id": file_id,
            "workspace_id": "bare",
            "dataset_type": data.dataset_type,
            "name": data.file.name,
            "file_type": data.file.type,
            "created_by": "bare",
            "stage": str(Stage.AWAITING_UPLOAD),
            "declared_size_bytes": data.file.size_bytes,
            "declared_sha256": data.file.sha256,
            "options": data.options_as_sent(),
            "tags": dict(data.metadata),
            "object_key": f"bare/{file_id}",
            "attempt": 0,
            "faults": 0,
            "progress": {},
            "issues": [],
            "version": 0,
            "created_at": now,
            "expires_at": now + timedelta(hours=1),
        }
        async with engine.begin() as connection:
            await connection.execute(files, row)
        return {"id": str(file_id), "status": "Pending"}

    return Litestar([write], openapi_config=None, logging_config=None)


def _ask_in_turn(
    urls: tuple[str, str], key: str, requests: int, warm_up: int
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of every request to the one and the other."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connections = [http.client.HTTPConnection(urlsplit(url).netloc) for url in urls]
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(warm_up + requests):
        # Whoever comes second finds the disk and the caches as the first left them.
        for place in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            connections[place].request("POST", UPLOAD, body=_BODY, headers=headers)
            answer = connections[place].getresponse()
            text = answer.read()
            milliseconds = 1000 * (time.perf_counter() - began)
            assert answer.status == http.client.CREATED, text
            if number >= warm_up:
                taken[place].append(milliseconds)
    for connection in connections:
        connection.close()
    return taken


@contextmanager
def _postgres() -> Iterator[str]:
    """Give an empty database on the server the tests use: named by the environment, or started.

    The one started here does not sync its log (`fsync=off`), so what we add weighs all the more.
    """
    if url := os.environ.get("TALLYDOCK_TEST_POSTGRES_URL"):
        name = f"bench_{secrets.token_hex(6)}"
        asyncio.run(_execute(url, f"CREATE DATABASE {name}"))
        try:
            yield sqlalchemy_url(url, name)
        finally:
            asyncio.run(_execute(url, f"DROP DATABASE {name} WITH (FORCE)"))
        return
    with running_postgres() as server:
        yield sqlalchemy_url(server.url, "postgres")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
