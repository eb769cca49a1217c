"""`make up`: one process that starts, tells how to use it, survives being killed, and stops."""

import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from worker.embedded.greeting import greeting, keep_address
from worker.embedded.household import CannotStart, locked, open_door, read_secrets

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60

Start = Callable[[], subprocess.Popen[str]]


def test_a_folder_is_for_one_appliance(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(CannotStart, match=f"process {os.getpid()}"),
        locked(tmp_path),
    ):
        pass

    with locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotStart, match="cannot be used"), locked(tmp_path / "file" / "home"):
        pass


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = read_secrets(tmp_path)

    assert read_secrets(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_folder_of_an_earlier_version_gets_the_secret_it_lacks(tmp_path: Path) -> None:
    before = read_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    kept = json.loads(path.read_text())
    del kept["sealing_key"]
    path.write_text(json.dumps(kept))

    after = read_secrets(tmp_path)

    assert after.storage_secret_key == before.storage_secret_key
    assert after.sealing_key
    assert read_secrets(tmp_path) == after


def test_damaged_secrets_are_told(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")

    with pytest.raises(CannotStart, match="damaged"):
        read_secrets(tmp_path)


def test_a_port_that_is_taken_is_told() -> None:
    with open_door("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} on 127.0.0.1 is taken"):
            open_door("127.0.0.1", port)


def test_secrets_are_printed_on_the_first_run_only(tmp_path: Path) -> None:
    path = tmp_path / "first-run.json"
    facts = {"url": "x", "apiKey": "KEY", "adminEmail": "a@b", "adminPassword": "PASS"}

    first = greeting(facts, url="http://u", path=path, is_first_run=True)
    later = greeting(facts, url="http://u", path=path, is_first_run=False)

    assert "KEY" in first
    assert "PASS" in first
    assert "KEY" not in later
    assert "PASS" not in later
    assert str(path) in later


def test_the_present_address_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "first-run.json"
    path.write_text(json.dumps({"url": "http://old", "apiKey": "KEY"}))

    facts = keep_address(path, "http://new")

    assert facts == {"url": "http://new", "apiKey": "KEY"}
    assert json.loads(path.read_text()) == facts
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keep_address(tmp_path / "nothing", "http://new") is None


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts an appliance on one folder and waits until it is ready."""
    started: list[subprocess.Popen[str]] = []
    environment = {
        **os.environ,
        "TALLYDOCK_HOME": str(tmp_path / "home"),
        "TALLYDOCK_PORT": str(_free_port()),
        "TALLYDOCK_LOG_LEVEL": "WARNING",
    }

    def begin() -> subprocess.Popen[str]:
        with (tmp_path / f"{len(started)}.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "worker.appliance"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                text=True,
            )
        started.append(process)
        end = time.monotonic() + START_SECONDS
        while process.poll() is None and "Stop with" not in _said(tmp_path, len(started) - 1):
            assert time.monotonic() < end, _said(tmp_path, len(started) - 1)
            time.sleep(0.05)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_the_appliance_starts_serves_survives_and_stops(tmp_path: Path, start: Start) -> None:
    process = start()
    said = _said(tmp_path, 0)
    assert process.poll() is None, said
    facts = json.loads((tmp_path / "home" / "first-run.json").read_text())
    assert facts["adminPassword"] in said
    headers = {"authorization": f"Bearer {facts['apiKey']}"}

    ticket = json.loads(_pasted(said))
    httpx.put(ticket["uploadUrl"], content=b"x", trust_env=False).raise_for_status()
    assert _ended(facts["url"], ticket["id"], headers) in ("Completed", "Failed")

    second = start()
    assert second.wait(10) == 1
    assert "Another Tallydock" in _said(tmp_path, 1)

    process.send_signal(signal.SIGKILL)
    process.wait()
    again = start()
    said = _said(tmp_path, 2)
    assert facts["adminPassword"] not in said
    assert json.loads(_pasted(said))["status"] == "Pending"
    assert _ended(facts["url"], ticket["id"], headers) in ("Completed", "Failed")

    again.send_signal(signal.SIGTERM)
    assert again.wait(10) == 0


def _said(folder: Path, number: int) -> str:
    return (folder / f"{number}.log").read_text()


def _pasted(said: str) -> str:
    """Run the curl that the appliance printed, in a shell, as a person would."""
    lines = said.splitlines()
    (begin,) = [number for number, line in enumerate(lines) if line.strip().startswith("curl ")]
    command = "\n".join(lines[begin : begin + 3])
    assert shlex.split(command.replace("\\\n", " "))[0] == "curl"
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    return done.stdout


def _ended(url: str, file_id: str, headers: dict[str, str]) -> str:
    end = time.monotonic() + 30
    status = ""
    while time.monotonic() < end and status not in ("Completed", "Failed"):
        path = f"{url}/analytics/files/{file_id}"
        status = str(httpx.get(path, headers=headers, trust_env=False).json()["status"])
        time.sleep(0.05)
    return status


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
