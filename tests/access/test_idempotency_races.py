"""Idempotency keys when things happen at once or not to the end, on both kinds of database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency

from server.access.request_units import RequestUnits
from server.app import create_app
from server.errors import StateConflict
from server.parts import Parts
from tests.fixtures.database import RecordingQueue
from tests.fixtures.http import GOOD_UPLOAD, UPLOAD, client_of

CountFiles = Callable[[], Awaitable[int]]
FILE_ID = UUID("01936000-0000-7000-8000-000000000000")


class Gate:
    """Lets a request wait inside its handler until the test opens it."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()
        self.runs = 0


GATE: list[Gate] = []


@post("/analytics/test/slow")
async def slow() -> dict[str, int]:
    """Answer when the test says so."""
    gate = GATE[0]
    gate.runs += 1
    gate.entered.set()
    await gate.opened.wait()
    return {"runs": gate.runs}


@post("/analytics/test/two-steps")
async def two_steps(units: NamedDependency[RequestUnits]) -> dict[str, str]:
    """Do one thing, fail at a second, and refuse."""
    async with units.begin() as unit:
        unit.wake_after_commit("first", FILE_ID)
    try:
        async with units.begin() as unit:
            unit.wake_after_commit("second", FILE_ID)
            _refuse()
    except StateConflict:
        return {"kept": "first"}


def _refuse() -> NoReturn:
    raise StateConflict


@pytest.fixture
def parts(each_parts: Parts) -> Parts:
    """Give the parts over each kind of database."""
    return each_parts


@pytest.fixture
def app(parts: Parts) -> Litestar:
    """Give the application with the routes above."""
    GATE[:] = [Gate()]
    return create_app(parts, handlers=[slow, two_steps])


async def test_the_second_is_told_that_the_first_is_still_running(
    client: httpx.AsyncClient,
) -> None:
    mark = {"x-idempotency-key": "a"}
    first_one = asyncio.create_task(client.post("/analytics/test/slow", headers=mark))
    await GATE[0].entered.wait()

    second = await client.post("/analytics/test/slow", headers=mark)
    GATE[0].opened.set()
    first_answer = await first_one
    third = await client.post("/analytics/test/slow", headers=mark)

    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")
    assert first_answer.json() == third.json() == {"runs": 1}


async def test_two_processes_answer_once(
    parts: Parts, app: Litestar, client: httpx.AsyncClient
) -> None:
    if parts.engine.dialect.name == "sqlite":
        pytest.skip("one process on SQLite")
    mark = {"x-idempotency-key": "a", **client.headers}
    first_one = asyncio.create_task(client.post("/analytics/test/slow", headers=mark))
    await GATE[0].entered.wait()

    async with client_of(create_app(parts, handlers=[slow])) as elsewhere:
        second = await elsewhere.post("/analytics/test/slow", headers=mark)
    GATE[0].opened.set()

    assert (await first_one).status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")


async def test_a_crash_before_the_commit_leaves_neither_file_nor_answer(
    count_files: CountFiles,
    client: httpx.AsyncClient,
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mark = {"x-idempotency-key": "a"}

    async def power_cut(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("server.access.idempotency.Idempotency._keep", power_cut)
        with pytest.raises(KeyboardInterrupt):
            await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)
    files_then = await count_files()
    again = await client.post(UPLOAD, json=GOOD_UPLOAD, headers=mark)

    assert files_then == 0
    assert again.status_code == 201
    assert await count_files() == 1


async def test_a_part_that_fails_is_taken_back_alone(
    client: httpx.AsyncClient, queue: RecordingQueue
) -> None:
    answer = await client.post(
        "/analytics/test/two-steps", headers={"x-idempotency-key": str(uuid4())}
    )

    assert answer.json() == {"kept": "first"}
    assert queue.calls == [("first", FILE_ID)]
