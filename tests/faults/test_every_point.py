"""Killed at every point of a job, as the job itself tells them: the end is always the same.

Each point: a copy of the world, a worker killed there (`kill -9`), another one that is started
after it. What callers see then is to the last count what an undisturbed worker leaves, and nothing
is left behind. Without more a spread of the points is taken, with `TALLYDOCK_TEST_EVERY_POINT=1`
all but those at which nothing is different from the point before.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS
from tests.fixtures.storage import embedded_store

pytest.importorskip("chdb", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

ROOT = Path(__file__).resolve().parents[2]
SPREAD = 3
# Nothing is written between the point before and a read, or a transaction that is rolled back.
NOTHING_NEW = (
    *("before SELECT", "within SELECT", "before the commit", "before cores", "within cores"),
    *("before read_range", "within read_range", "before list_versions", "within list_versions"),
    *("before oldest_version", "within oldest_version"),
)
# The ways in which all moments count; of the others a few are enough by default.
DECISIVE_SCENARIOS = ("correction", "reprocess", "undo")
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

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worlds = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    @contextmanager
    def world(self, origin: Path | None = None) -> Iterator["Ground"]:
        """Give a world of its own, or one of the same content, whose store is served."""
        self._worlds += 1
        folder = self._folder / str(self._worlds)
        if origin is None:
            folder.mkdir()
        else:
            shutil.copytree(origin, folder, symlinks=True)
        with embedded_store(folder / "objects") as store:
            yield Ground(self.process, folder, store.url)
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Ground:
    """A world, and the forge that has things done in it."""

    process: subprocess.Popen[str]
    folder: Path
    store: str

    def order(self, do: str, **more: object) -> Answer:
        """Have something done by a process of its own; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"do": do, "folder": self.folder, "store": self.store, **more}
        self.process.stdin.write(json.dumps({n: str(v) for n, v in order.items()}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:  # what the children log stands there too
            if line.startswith('{"signal"'):
                answer: Answer = json.loads(line)
                assert "fault" not in answer, answer["fault"]
                return answer
        pytest.fail("the forge died")


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """Give the forge."""
    forge = Forge(tmp_path_factory.mktemp("forge"))
    yield forge
    forge.process.kill()
    forge.process.communicate()  # closes the pipes too


@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_a_job_killed_at_any_point_ends_as_if_it_had_not_been(
    forge: Forge,
    scenario: str,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    with forge.world() as origin:
        made = origin.order("make", scenario=scenario)
        job = {"job": made["job"], "file": made["file"]}
        with forge.world(origin.folder) as world:
            undisturbed = world.order("run", **job)
        points, expected = undisturbed["points"], undisturbed["state"]
        assert isinstance(points, dict)
        # A reprocessed file's earlier rows were published, and stay in history.
        check_end(expected, attempts=2 if scenario == "reprocess" else 1)
        outcomes: dict[str, str] = {}
        for point in chosen(list(points), is_decisive=scenario in DECISIVE_SCENARIOS):
            with forge.world(origin.folder) as world:
                pause_seconds = points[point] / 2
                died = world.order("run", **job, kill_at=point, pause_seconds=pause_seconds)
                after = world.order("recover", file=job["file"])
            was_killed = died["signal"] == 9
            outcomes[point] = told(expected, after["state"]) if was_killed else "not killed"
            sys.stdout.write(f"{scenario} | {point} | {outcomes[point]}\n")
            sys.stdout.flush()

    record_testsuite_property(f"fault_points_{scenario}", f"{len(outcomes)} of {len(points)}")
    assert {point: how for point, how in outcomes.items() if how != "the same"} == {}


def check_end(state: object, *, attempts: int) -> None:
    """Make sure that what all ends are compared with is right by itself."""
    assert isinstance(state, dict)
    assert (state["left"], state["prepared"]) == ([], [])
    kept = [int(count) for _, _, count in [*state["history"], *state["rejected"]]]
    assert max(kept, default=attempts) == attempts
    assert not any(key.startswith("derived/") for key in state["objects"])
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


def chosen(points: list[str], *, is_decisive: bool) -> list[str]:
    """Return the points to die at in this run."""
    points = [point for point in points if not any(beat in point for beat in HEARTBEATS)]
    if os.environ.get("TALLYDOCK_TEST_EVERY_POINT"):
        return [point for point in points if not point.startswith(NOTHING_NEW)]
    new = [point for point in points if not point.startswith(NOTHING_NEW)]
    spread = new[:: max(len(new) // SPREAD, 1)]
    return [p for p in new if p in spread or (is_decisive and _is_decisive(p))]


def _is_decisive(point: str) -> bool:
    return any(word in point for word in DECISIVE)
