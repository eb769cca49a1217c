"""Over a limit of the workspace the answer is a 429 that says which, and when to come back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest_asyncio

from server.app import create_app
from tests.fixtures.database import HandClock, RecordingQueue
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of, make_parts, make_settings

FILES = 3
BYTES = 1000


@pytest_asyncio.fixture
async def narrow(
    tmp_path: Path, database_url: str, queue: RecordingQueue, clock: HandClock
) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of an application whose workspaces may have little."""
    settings = make_settings(
        tmp_path, database_url=database_url, max_pending_files=FILES, max_bytes_per_day=BYTES
    )
    parts = await make_parts(settings, queue, clock)
    async with parts.units.begin() as unit:
        first = await parts.access.set_up(unit, workspace="main", admin_email="a@example.com")
    assert first is not None
    async with client_of(create_app(parts), key=first.api_key) as client:
        yield client
    await parts.close()


def refusal(answer: httpx.Response) -> tuple[int, str, str, int]:
    problem = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert problem["detail"]
    return answer.status_code, problem["code"], problem["limit"], problem["limitValue"]


async def test_one_pending_file_too_many_is_a_429_with_the_limit_and_when_to_come_back(
    narrow: httpx.AsyncClient,
) -> None:
    taken = [await narrow.post(UPLOAD, json=GOOD_UPLOAD) for _ in range(FILES)]

    answer = await narrow.post(UPLOAD, json=GOOD_UPLOAD)

    assert [one.status_code for one in taken] == [201] * FILES
    assert refusal(answer) == (429, "rate-limited", "pendingFiles", FILES)
    # The sweep sees within that time what has arrived; sooner nobody need ask.
    assert answer.headers["retry-after"] == "15"
    assert "arrived, was cancelled or is given up" in answer.json()["detail"]


async def test_one_byte_too_many_a_day_is_a_429_until_midnight(
    narrow: httpx.AsyncClient, clock: HandClock
) -> None:
    def sized(size_bytes: int) -> dict[str, object]:
        file = {"name": "a.csv", "type": "csv", "sizeBytes": size_bytes}
        return {"datasetType": "transactions", "file": file}

    taken = await narrow.post(UPLOAD, json=sized(BYTES))
    answer = await narrow.post(UPLOAD, json=sized(1))

    assert taken.status_code == 201
    assert refusal(answer) == (429, "rate-limited", "bytesPerDay", BYTES)
    again = clock.now + timedelta(seconds=int(answer.headers["retry-after"]))
    assert again.date() == clock.now.date() + timedelta(days=1)
    assert again.hour == again.minute == again.second == 0
