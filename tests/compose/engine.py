"""A Docker engine for the tests: the one that answers, else one of their own, ended with them."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60
_PLUGIN = "github.com/docker/compose/v2/cmd"
_PLUGIN_VERSION = "v2.40.3"


class EngineMissing(Exception):
    """No engine answers and none can be started here."""


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment in which `docker` reaches an engine.

    Args:
        folder: for what is kept between runs: the engine's images, and the plugin if it is built.

    Raises:
        EngineMissing: no engine can be had, or no compose plugin.
    """
    environment = dict(os.environ)
    if _answers(environment):
        _provide_compose(environment, folder)
        yield environment
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        message = "no Docker engine answers, and dockerd cannot be started here"
        raise EngineMissing(message)
    folder.mkdir(parents=True, exist_ok=True)
    # What a killed engine noted of its networks can keep the next one from starting.
    (folder / "data" / "network" / "files" / "local-kv.db").unlink(missing_ok=True)
    environment["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    _provide_compose(environment, folder)
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
        _clear(environment)
        yield environment
    finally:
        _clear(environment)
        process.terminate()
        process.wait(60)


def _answers(environment: dict[str, str]) -> bool:
    if shutil.which("docker") is None:
        return False
    return _quietly(environment, "docker", "version")


def _clear(environment: dict[str, str]) -> None:
    """Remove what a run that was killed left, which would start again; the images stay."""
    for kind, *whole in (("container", "--all"), ("volume",)):
        listed = subprocess.run(
            ["docker", kind, "ls", "--quiet", *whole],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if found := listed.stdout.split():
            _quietly(environment, "docker", kind, "rm", "--force", *found)
    _quietly(environment, "docker", "network", "prune", "--force")


def _provide_compose(environment: dict[str, str], folder: Path) -> None:
    """Build the compose plugin where it is missing and there is Go: minutes, once."""
    if _quietly(environment, "docker", "compose", "version"):
        return
    plugin = folder / "cli" / "cli-plugins" / "docker-compose"
    if not plugin.exists():
        if shutil.which("go") is None:
            message = "Docker's compose plugin is missing, and Go to build it"
            raise EngineMissing(message)
        # Its module has directives that `go install` refuses of any but the main module.
        module = folder / "plugin"
        module.mkdir(parents=True, exist_ok=True)
        (module / "go.mod").write_text("module example.invalid/plugin\n\ngo 1.24\n")
        for command in (
            ("go", "get", f"{_PLUGIN}@{_PLUGIN_VERSION}"),
            ("go", "build", "-o", str(plugin), _PLUGIN),
        ):
            done = subprocess.run(command, cwd=module, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                message = f"the compose plugin could not be built: {done.stderr[-2000:]}"
                raise EngineMissing(message)
    environment["DOCKER_CONFIG"] = str(plugin.parents[1])


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
