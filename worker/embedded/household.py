"""The embedded appliance's folder: its lock, its secrets, and the doors it listens at.

Comes first when the appliance starts (`worker/appliance.py`): whatever is wrong here is told in one
sentence, before anything runs.
"""

import errno
import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


class CannotStart(Exception):
    """The appliance cannot start; the text says why and what to do, for a person."""


@dataclass(frozen=True)
class Secrets:
    """What the appliance's own parts present to each other; made once, kept in the folder."""

    storage_access_key: str
    storage_secret_key: str
    storage_event_token: str
    sealing_key: str


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Make the folder if it is missing, and keep it for this process until the block ends.

    Raises:
        CannotStart: another appliance runs on the folder, or it cannot be written.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(home / "appliance.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        message = f"The folder {home} cannot be used: {fault.strerror}."
        raise CannotStart(message) from fault
    with os.fdopen(descriptor, "r+") as lock:
        try:
            # The kernel drops the lock with the process, however that ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            holder = lock.read().strip() or "unknown"
            message = (
                f"Another Tallydock (process {holder}) runs on the folder {home}. "
                "Stop it, or set TALLYDOCK_HOME to another folder."
            )
            raise CannotStart(message) from fault
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def read_secrets(home: Path) -> Secrets:
    """Return the folder's secrets; makes them on the first run, and one that is new since.

    Raises:
        CannotStart: the file is there and is not what was written.
    """
    path = home / "secrets.json"
    if path.exists():
        try:
            kept = json.loads(path.read_text())
            if "sealing_key" not in kept:
                kept["sealing_key"] = secrets.token_urlsafe(32)
                write_private(path, asdict(Secrets(**kept)))
            return Secrets(**kept)
        except (ValueError, TypeError) as fault:
            message = f"{path} is damaged. Restore it from a backup, or remove the folder."
            raise CannotStart(message) from fault
    made = Secrets(
        storage_access_key=f"tallydock{secrets.token_hex(6)}",
        storage_secret_key=secrets.token_urlsafe(32),
        storage_event_token=secrets.token_urlsafe(32),
        sealing_key=secrets.token_urlsafe(32),
    )
    write_private(path, asdict(made))
    return made


def write_private(path: Path, content: dict[str, str]) -> None:
    """Write JSON that only this user can read; whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def open_door(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; port 0 takes a free one.

    Raises:
        CannotStart: somebody else listens there, or the address is not this machine's.
    """
    door = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.socket(family, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        # Listening at once: who looks next finds the port taken.
        door.listen(1024)
    except OSError as fault:
        if door is not None:
            door.close()
        message = f"Cannot listen on {host}:{port}: {fault.strerror or fault}."
        if fault.errno == errno.EADDRINUSE:
            message = (
                f"Port {port} on {host} is taken by another program. "
                "Stop it, or set TALLYDOCK_PORT to another port."
            )
        raise CannotStart(message) from fault
    return door
