"""A Docker engine for the tests: the one that answers, else one of their own, ended with them."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60


class EngineMissing(Exception):
    """No engine answers and none can be started here."""


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment in which `docker` reaches an engine.

    Raises:
        EngineMissing: no engine can be had, or Docker's compose plugin is missing.
    """
    environment = dict(os.environ)
    if _answers(environment):
        _check_compose(environment)
        yield environment
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        message = "no Docker engine answers, and dockerd cannot be started here"
        raise EngineMissing(message)
    folder.mkdir(parents=True, exist_ok=True)
    environment["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    _check_compose(environment)
    with (folder / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *("dockerd", "--host", environment["DOCKER_HOST"]),
                *("--data-root", str(folder / "data"), "--exec-root", str(folder / "run")),
                *("--pidfile", str(folder / "docker.pid")),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _await(environment, process, folder / "dockerd.log")
        yield environment
    finally:
        process.terminate()
        process.wait(60)


def _answers(environment: dict[str, str]) -> bool:
    if shutil.which("docker") is None:
        return False
    return _quietly(environment, "docker", "version")


def _check_compose(environment: dict[str, str]) -> None:
    if not _quietly(environment, "docker", "compose", "version"):
        message = "Docker's compose plugin is missing"
        raise EngineMissing(message)


def _quietly(environment: dict[str, str], *command: str) -> bool:
    return (
        subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    )


def _await(environment: dict[str, str], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while not _answers(environment):
        if process.poll() is not None or time.monotonic() > end:
            message = f"dockerd did not start: {log.read_text()[-2000:]}"
            raise EngineMissing(message)
        time.sleep(0.2)
