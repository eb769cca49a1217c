"""What `.env` says reaches what it is for, and `./install` adds what it lacks."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import pytest

from server.settings import Settings
from tests.compose.test_compose_file import COMPOSE, document, services

# What the compose file says itself, since it says what stands around the program too.
_FIXED: Final = frozenset(
    {f"TALLYDOCK_{name}" for name in ("HOME", "HOST", "PORT", "WORKER_METRICS_PORT")}
)
# What own-datasets.yaml says, together with the folder it lays there.
_LAID_OVER: Final = frozenset({"TALLYDOCK_DATASETS_DIR"})
_VARIABLE: Final = re.compile(r"\bTALLYDOCK_[A-Z_]*[A-Z]\b")
_INSTALLED: Final = (
    "TALLYDOCK_SITE=tallydock.example.com\nTALLYDOCK_PUBLIC_URL=https://tallydock.example.com\n"
)
_OVERLAYS: Final = sorted(set(COMPOSE.glob("*.yaml")) - {COMPOSE / "compose.yaml"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of what is shipped, beside a Docker that does nothing."""
    left_out = shutil.ignore_patterns(".env", "secrets", "first-run.json*", "offline.yaml")
    shutil.copytree(COMPOSE, tmp_path / "compose", ignore=left_out)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "docker").chmod(0o755)
    return tmp_path / "compose"


def run(folder: Path, *command: str, **told: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does, with nothing else in the environment."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", **told},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def lines(folder: Path) -> list[str]:
    """Return what `.env` says."""
    return [line for line in (folder / ".env").read_text().splitlines() if not line.startswith("#")]


def instructions(overlay: Path) -> str:
    """Return what an overlay's own comment tells the operator to type before the install."""
    (block,) = re.findall(
        r"before \./install HOST:\n#\n((?:#   .*\n)+)", overlay.read_text(), re.IGNORECASE
    )
    return re.sub(r"^#   ", "", block, flags=re.MULTILINE)


def passed() -> set[str]:
    """Return the variables of `.env` that reach what they are for."""
    text = (COMPOSE / "compose.yaml").read_text()
    handed_on = re.findall(r"^    (TALLYDOCK_\w+):$", text, re.MULTILINE)
    return {*handed_on, *re.findall(r"\$\{(\w+)", text)}


@pytest.mark.parametrize("name", ["server", "worker", "migrate", "setup", "backup"])
def test_every_setting_reaches_a_process_of_the_appliances(name: str) -> None:
    service = services()[name]
    told = cast("Mapping[str, str | None]", service["environment"])

    expected = {f"TALLYDOCK_{field.upper()}" for field in Settings.model_fields}
    sealed = {secret.upper() for secret in cast("list[str]", services()["server"]["secrets"])}
    assert expected - sealed - told.keys() <= _FIXED | _LAID_OVER
    assert told.keys() - {"FORWARDED_ALLOW_IPS"} <= expected - sealed
    assert told.keys() - {"FORWARDED_ALLOW_IPS"} - _FIXED <= passed()


def test_the_example_names_every_setting_with_its_default() -> None:
    text = (COMPOSE / ".env.example").read_text()

    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert passed() <= named.keys()
    assert {name for name in named if name.startswith("TALLYDOCK_")} <= passed()
    # What is interpolated with a default of its own says that in compose.yaml; the rest is ours.
    declared = document()["x-tallydock"]["environment"]
    handed_on = [
        name for name, value in cast("Mapping[str, str | None]", declared).items() if value is None
    ]
    ours = {
        name: str(Settings.model_fields[name.removeprefix("TALLYDOCK_").lower()].default)
        for name in handed_on
    }
    assert {name: named[name] for name in handed_on} == ours
    assert len(handed_on) > 30


def test_every_variable_that_an_operator_is_told_to_set_reaches_something() -> None:
    readme = (COMPOSE.parent / "README.md").read_text()
    sections = re.split(r"^## ", readme, flags=re.MULTILINE)
    told = "".join(one for one in sections if one.startswith(("Install it", "Operations")))
    read = [COMPOSE / name for name in ("RUNBOOK.md", "SCALING.md", "doctor")]
    read += [path for path in COMPOSE.glob("*.yaml") if path.name != "compose.yaml"]
    read += (COMPOSE.parent / "server" / "doctor").glob("*.py")
    told += "".join(path.read_text() for path in read)

    named = {name for name in _VARIABLE.findall(told) if "_TEST_" not in name}
    sealed = {secret.upper() for secret in document()["secrets"]}
    assert {"TALLYDOCK_MAX_PENDING_FILES", "TALLYDOCK_UNDO_DAYS"} <= named
    # The folder is named where the embedded appliance is spoken of.
    assert named - sealed - _LAID_OVER - {"TALLYDOCK_HOME"} <= passed()


@pytest.mark.parametrize("overlay", _OVERLAYS, ids=lambda path: path.stem)
def test_what_an_overlay_tells_to_type_before_the_install_installs(
    folder: Path, overlay: Path
) -> None:
    typed = run(folder, "sh", "-euc", instructions(overlay))
    written = lines(folder)
    brought = {path: path.read_text() for path in folder.glob("secrets/*")}
    done = run(folder, "./install", "tallydock.example.com")

    assert typed.returncode == done.returncode == 0, typed.stderr + done.stderr
    assert lines(folder) == [*written, *_INSTALLED.splitlines()]
    (files,) = (line for line in written if line.startswith("COMPOSE_FILE="))
    assert overlay.name in files.split(":")
    assert {path: path.read_text() for path in brought} == brought

    # The same, unpacked from a bundle.
    (folder / "offline.yaml").write_text("services: {}\n")
    assert run(folder, "./install").returncode == 0
    offline = files.replace("compose.yaml:", "compose.yaml:offline.yaml:", 1)
    assert sorted(lines(folder)) == sorted(
        [*(line for line in written if line != files), *_INSTALLED.splitlines(), offline]
    )


def test_an_install_keeps_what_env_says_and_may_be_run_again(folder: Path) -> None:
    (folder / ".env").write_text("TALLYDOCK_HTTPS_PORT=8443\nTALLYDOCK_WORKERS=2")
    told = {"TALLYDOCK_WORKERS": "3", "TALLYDOCK_UNDO_DAYS": "30", "TALLYDOCK_SECRET": "none"}

    assert run(folder, "./install", "tallydock.example.com", **told).returncode == 0
    installed = (folder / ".env").read_text()
    assert run(folder, "./install", "tallydock.example.com", **told).returncode == 0
    other = run(folder, "./install", "other.example.com")

    assert lines(folder) == [
        *("TALLYDOCK_HTTPS_PORT=8443", "TALLYDOCK_WORKERS=2"),
        *("TALLYDOCK_SITE=tallydock.example.com", "TALLYDOCK_UNDO_DAYS=30"),
        "TALLYDOCK_PUBLIC_URL=https://tallydock.example.com:8443",
    ]
    assert (folder / ".env").read_text() == installed
    assert other.returncode == 1
    assert "this is the installation of tallydock.example.com" in other.stderr


def test_files_laid_over_in_two_lines_are_not_silently_half_left_out(folder: Path) -> None:
    twice = (
        "COMPOSE_FILE=compose.yaml:external-database.yaml\n"
        "COMPOSE_FILE=compose.yaml:external-storage.yaml\n"
    )
    (folder / ".env").write_text(twice)

    done = run(folder, "./install", "tallydock.example.com")

    assert done.returncode == 1
    merged = "COMPOSE_FILE=compose.yaml:external-database.yaml:external-storage.yaml"
    assert done.stderr.splitlines()[-1].endswith(f": {merged}")
    assert (folder / ".env").read_text() == twice


def test_a_second_line_that_names_all_of_the_first_is_taken(folder: Path) -> None:
    (folder / ".env").write_text(
        "COMPOSE_FILE=compose.yaml:offline.yaml\nCOMPOSE_FILE=compose.yaml:bank.yaml\n"
    )

    assert run(folder, "./install", "tallydock.example.com").returncode == 0

    assert lines(folder)[1] == "COMPOSE_FILE=compose.yaml:bank.yaml"


def test_a_bundle_keeps_the_file_that_docker_lays_over_by_itself(folder: Path) -> None:
    for name in ("offline.yaml", "compose.override.yaml"):
        (folder / name).write_text("services: {}\n")

    assert run(folder, "./install", "tallydock.example.com").returncode == 0

    assert "COMPOSE_FILE=compose.yaml:offline.yaml:compose.override.yaml" in lines(folder)
