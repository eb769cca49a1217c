"""Killed at every point of a job, as the job itself tells them: the end is always the same.

Each point: a copy of the world, a worker killed there (`kill -9`), another one that is started
after it. What callers see then is to the last count what an undisturbed worker leaves, and nothing
is left behind. The default suite takes a spread of the points, `TALLYDOCK_TEST_EVERY_POINT=1` all
but those at which nothing is different from the point before.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.worlds import SCENARIOS
from tests.fixtures.storage import StorageAddress, embedded_store

pytest.importorskip("chdb", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

ROOT = Path(__file__).resolve().parents[2]
SPREAD = 3
# Nothing is written between the point before and a read, or a transaction that is rolled back.
NOTHING_NEW = ("before SELECT", "before the commit", "before read_range", "before list_versions")
# They come by the clock, not by the job: on the next run there may be fewer.
HEARTBEATS = ("renew", "progress", "read_rows, read_bytes")
# Where all hangs on the moment: before, within and after the swap.
DECISIVE = (
    "the commit of prepare",
    "EXCHANGE",
    "the commit of exchange",
    "the commit of take_back",
)

Answer = dict[str, object]


class Forge:
    """The process that makes victims, and the worlds they die in."""

    def __init__(self, folder: Path, store: StorageAddress) -> None:
        self._folder, self._store = folder, store
        self._worlds = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def order(self, do: str, folder: Path, **more: object) -> Answer:
        """Have something done by a process of its own; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"do": do, "folder": folder, "store": self._store.url, **more}
        self.process.stdin.write(json.dumps({n: str(v) for n, v in order.items()}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # what the children log stands there too
            if line.startswith('{"signal"'):
                answer: Answer = json.loads(line)
                assert "fault" not in answer, answer["fault"]
                return answer
        pytest.fail("the forge died")

    def make(self, scenario: str) -> tuple[Path, Answer]:
        """Return a world that waits for its job, and the job."""
        folder = self._folder / scenario
        folder.mkdir()
        made = self.order("make", folder, scenario=scenario)
        return folder, {"job": made["job"], "file": made["file"]}

    def copy(self, world: Path) -> Path:
        """Return a world of the same content."""
        self._worlds += 1
        folder = self._folder / str(self._worlds)
        shutil.copytree(world, folder, symlinks=True)
        return folder


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """Give the forge, with a store of its own."""
    folder = tmp_path_factory.mktemp("forge")
    with embedded_store(folder / "store") as store:
        forge = Forge(folder, store)
        yield forge
        forge.process.kill()
        forge.process.communicate()  # closes the pipes too


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_a_job_killed_at_any_point_ends_as_if_it_had_not_been(forge: Forge, scenario: str) -> None:
    world, job = forge.make(scenario)
    undisturbed = forge.order("run", forge.copy(world), **job)
    points, expected = undisturbed["points"], undisturbed["state"]
    assert isinstance(points, dict)
    # A reprocessed file's earlier rows were published, and stay in history.
    check_end(expected, attempts=2 if scenario == "reprocess" else 1)

    outcomes: dict[str, str] = {}
    for point in chosen(list(points)):
        folder = forge.copy(world)
        died = forge.order("run", folder, **job, kill_at=point, pause_seconds=points[point] / 2)
        after = forge.order("recover", folder, file=job["file"])
        was_killed = died["signal"] == 9
        outcomes[point] = told(expected, after["state"]) if was_killed else "not killed"
        sys.stdout.write(f"{scenario} | {point} | {outcomes[point]}\n")
        sys.stdout.flush()
        shutil.rmtree(folder)

    assert {point: how for point, how in outcomes.items() if how != "the same"} == {}


def check_end(state: object, *, attempts: int) -> None:
    """Make sure that what all ends are compared with is right by itself."""
    assert isinstance(state, dict)
    assert (state["left"], state["prepared"]) == ([], [])
    kept = [int(count) for _, _, count in [*state["history"], *state["rejected"]]]
    assert max(kept) == attempts
    published = [file["statistics"] for file in state["files"] if file["is_published"]]
    held = sum(counts["rowsInserted"] for counts in published)
    assert int(state["current"][0][0]) <= held + sum(c["rowsReplaced"] for c in published)
    assert all(file["lease"] is None for file in state["files"])


def told(expected: object, found: object) -> str:
    """Return what differs."""
    assert isinstance(expected, dict)
    assert isinstance(found, dict)
    differing = {name: (expected[name], found[name]) for name in expected}
    wrong = {name: pair for name, pair in differing.items() if pair[0] != pair[1]}
    return f"differs: {wrong}" if wrong else "the same"


def chosen(points: list[str]) -> list[str]:
    """Return the points to die at in this run."""
    points = [point for point in points if not any(beat in point for beat in HEARTBEATS)]
    if os.environ.get("TALLYDOCK_TEST_EVERY_POINT"):
        return [point for point in points if not point.startswith(NOTHING_NEW)]
    spread = points[:: max(len(points) // SPREAD, 1)]
    return [
        point
        for point in points
        if point in spread or (not point.startswith(NOTHING_NEW) and _is_decisive(point))
    ]


def _is_decisive(point: str) -> bool:
    return any(word in point for word in DECISIVE)
