"""README.md says what is so: its tables, its paths, its commands."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.fixtures.appliance import running_appliance
from tests.readme import README, section, written

ROOT = README.parent
TEXT = README.read_text()
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_PATH = re.compile(r"`((?:server|worker|web|tests|\.ci)/[\w./-]*)`")


def test_the_tables_are_what_the_code_says() -> None:
    assert written(TEXT) == TEXT, "run `make docs`"


def test_every_path_is_there() -> None:
    named = _PATH.findall(TEXT)

    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_walk_names_a_file_at_every_step() -> None:
    steps = [
        line for line in section(TEXT, "The walk through the code").splitlines() if "|" in line
    ]

    assert len(steps) == 16
    assert [line for line in steps[2:] if not _PATH.search(line)] == []


def test_every_folder_of_the_code_is_among_the_rooms() -> None:
    rooms = section(TEXT, "Rooms")

    folders = [
        f"{path.relative_to(ROOT)}/"
        for top in ("server", "worker")
        for path in sorted((ROOT / top).iterdir())
        if path.is_dir() and path.name != "__pycache__"
    ]
    assert [folder for folder in folders if f"`{folder}`" not in rooms] == []


def test_every_variable_that_a_test_reads_is_told() -> None:
    texts = [path.read_text() for path in (README.parent / "tests").rglob("*.py")]
    read = {name for text in texts for name in re.findall(r"\bTALLYDOCK_TEST_[A-Z0-9_]+", text)}

    # Set by make itself, which the README tells to call.
    untold = {name for name in read if name not in README.read_text()} - {"TALLYDOCK_TEST_COMPOSE"}
    assert untold == set()


def test_every_make_target_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()

    named = set(re.findall(r"(?:`|^)make ([a-z]+)", TEXT, re.MULTILINE))
    assert {"up", "demo", "test", "check", "bench", "docs"} <= named
    assert [name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on the PATH")
def test_the_curls_bring_a_file_in_when_pasted(tmp_path: Path) -> None:
    blocks = _BLOCK.findall(section(TEXT, "Send a file"))
    setting, *others = blocks
    record: dict[str, object] = {"status": "Pending"}

    with running_appliance(tmp_path) as environment:
        _paste([setting, *others[:-1]], tmp_path, environment)
        end = time.monotonic() + 60
        while record["status"] not in ("Completed", "Failed") and time.monotonic() < end:
            record = json.loads(_paste([setting, others[-1]], tmp_path, environment))

    assert len(blocks) == 5
    assert record["status"] == "Completed", record
    statistics = record["statistics"]
    assert isinstance(statistics, dict)
    assert statistics["rowsImported"] == 1000


def _paste(blocks: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(blocks)],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
