"""Processes that are taken away: killed, or stopped in their tracks, with all they started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tests.fixtures.clickhouse.server import ROOT
from tests.fixtures.postgres import PostgresServer

# A machine that is busy reads a half gigabyte of library from a slow disk.
_START_SECONDS = 180


class Part(Protocol):
    """Something that can be away for a while."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def start(self) -> None:
        """Start it and return when it answers."""

    def pause(self) -> None:
        """Have it hang."""

    def resume(self) -> None:
        """Let it go on where it was."""


class Daemon:
    """One process.

    Args:
        command: what to run.
        log: where it writes to.
        is_up: whether it answers; None when nobody can ask it.
        environment: more of it.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        is_up: Callable[[], bool] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._log = log
        self._is_up = is_up
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """Return what it wrote."""
        return self._log.read_text()

    def start(self) -> None:
        """See Part.start."""
        with self._log.open("ab") as told:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=told, stderr=told
            )
        end = time.monotonic() + _START_SECONDS
        while self._is_up is not None and not self._is_up():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.05)

    def kill(self) -> None:
        """See Part.kill; nothing happens when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """See Part.pause."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """See Part.resume."""
        os.kill(self.pid, signal.SIGCONT)


class Database:
    """PostgreSQL, with the processes of its connections."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def kill(self) -> None:
        """See Part.kill: every connection is cut; what was committed is kept."""
        self._server.stop()

    def start(self) -> None:
        """See Part.start."""
        self._server.start()

    def pause(self) -> None:
        """See Part.pause."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """See Part.resume."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._server._process is not None
        first = self._server._process.pid
        told = Path(f"/proc/{first}/task/{first}/children").read_text()
        for pid in (first, *(int(child) for child in told.split())):
            os.kill(pid, number)


def listens(port: int) -> bool:
    """Return whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a port nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
