"""What is read is what was pinned: a short read never loads as a short file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from server.datasets.sql import quoted
from server.errors import QueryRejected
from server.files.failures import FailureCode, FileFailed
from server.settings import Settings
from server.storage.interface import Storage
from tests.fixtures.ingest import Judge, claim_of
from tests.fixtures.rows import good, to_csv
from tests.ingest.serving import Serves, served
from tests.ingest.store import MemoryStore
from worker.context import Context
from worker.ingest.attempt import Attempt
from worker.ingest.pinned import chunks, read_pinned
from worker.ingest.source import SIZE_DIFFERS, Source, check_size_served

DATA = to_csv([good(n) for n in range(400)]).encode()


def source(call: str, size_bytes: int) -> Source:
    """Return a source without compression or parameters."""
    return Source(call=call, size_bytes=size_bytes, packed=", 'none'", parameters={})


@asynccontextmanager
async def attempt_of(judge: Judge) -> AsyncIterator[Attempt]:
    """Give an attempt at DATA."""
    attempt = judge.attempt("transactions", len(DATA))
    yield attempt
    await attempt.drop_all()


@pytest.mark.parametrize("lost", [1, len(DATA) // 2, len(DATA)])
async def test_an_object_that_became_shorter_is_refused(lost: int) -> None:
    claim = claim_of("transactions", len(DATA))
    store = MemoryStore({(claim.object_key, claim.object_version): DATA[: len(DATA) - lost]})
    storage: Storage = store
    context = cast(Context, SimpleNamespace(storage=storage, settings=Settings()))
    place = {"offset_bytes": len(DATA) - 100, "length_bytes": 1000}

    with pytest.raises(FileFailed) as by_range:
        await read_pinned(context, claim, **place)
    with pytest.raises(FileFailed) as by_chunks:
        [chunk async for chunk in chunks(context, claim, 4096)]

    assert by_range.value.code is by_chunks.value.code is FailureCode.OBJECT_CHANGED
    store.objects[claim.object_key, claim.object_version] = DATA
    assert await read_pinned(context, claim, **place) == DATA[-100:]
    assert b"".join([chunk async for chunk in chunks(context, claim, 4096)]) == DATA


async def test_a_file_on_disk_of_another_size_stops_the_statement(
    judge: Judge, tmp_path: Path
) -> None:
    path = tmp_path / "object"
    path.write_bytes(DATA)
    async with attempt_of(judge) as attempt:
        count = "SELECT count() AS n FROM "
        call = f"file({quoted(str(path))}"
        whole = await attempt.query(count + source(call, len(DATA)).lines)
        with pytest.raises(QueryRejected) as refused:
            await attempt.query(count + source(call, len(DATA) + 1).lines)

    assert whole.one()["n"] == 401
    assert SIZE_DIFFERS in refused.value.server_message


async def test_an_object_that_is_served_shorter_is_refused(judge: Judge) -> None:
    async with attempt_of(judge) as attempt:
        with served(DATA, Serves.WHOLE) as url:
            await check_size_served(attempt, source(f"url({quoted(url)}", len(DATA)))
        with served(DATA, Serves.SHORT) as url, pytest.raises(FileFailed) as refused:
            await check_size_served(attempt, source(f"url({quoted(url)}", len(DATA)))

    assert refused.value.code is FailureCode.OBJECT_CHANGED


async def test_a_response_that_breaks_off_is_no_short_file(judge: Judge) -> None:
    async with attempt_of(judge) as attempt:
        with served(DATA, Serves.CUT) as url, pytest.raises(QueryRejected):
            await attempt.analytics.query(
                f"SELECT count() FROM {source(f'url({quoted(url)}', len(DATA)).lines}",
                settings={"http_max_tries": 1},
                comment=attempt.comment,
            )
