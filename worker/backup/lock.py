"""Who may write into a folder that several hosts may share: one at a time, for as long as it lives.

`flock` on a file in the folder: the kernel lets go of it when its holder dies, and it holds between
containers of one host too, since they share the kernel. On NFS Linux asks the server for it, so it
holds between hosts; with the mount options `nolock` or `local_lock` only within one.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

_NOTE_BYTES: Final = 1024


class Busy(Exception):
    """Another process holds it; the text says which, for a person."""


@contextmanager
def locked(path: Path, since: datetime) -> Iterator[None]:
    """Hold the lock within the block; does not wait for it.

    Args:
        path: a file for nothing else; it stays, as one that is removed could be locked twice.
        since: the time, for whoever is refused meanwhile.

    Raises:
        Busy: another process holds it.
        OSError: the file cannot be written, or the file system knows no locks.
    """
    # For writing: over NFS an exclusive lock asks for it.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as fault:  # the latter over SMB
            raise Busy(_holder(descriptor)) from fault
        holder = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "since": f"{since:%Y-%m-%d %H:%M:%S} UTC",
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    try:
        told = json.loads(os.pread(descriptor, _NOTE_BYTES, 0))
        return f"process {told['process']} on {told['host']} since {told['since']}"
    except (OSError, ValueError):
        # It has just begun, or the file system keeps others from reading what is locked.
        return "another process"
