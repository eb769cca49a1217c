"""How a key becomes a folder and back, so that no key can leave the store's folder.

Each segment of a key is one folder, percent-encoded down to letters that mean nothing to a file
system; the last one, which holds the versions, ends in `@`, which no encoded segment contains.
`a/b` lies in `a/b@`, so a key may also be the beginning of another (`a/b/c` lies in `a/b/c@`).
"""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from server.storage.embedded.faults import Code, S3Fault

HOLDER = "@"
"""Ends the name of a folder that holds the versions of one key."""

# Stands for an empty segment: encoding never leaves a bare percent sign.
_EMPTY = "%"
# S3's own limit on a key, and the file system's on a name (less the @).
_MAX_KEY_BYTES = 1024
_MAX_NAME_LENGTH = 254
# What an XML 1.0 document cannot hold: one such key would make every listing unreadable.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def folder_of(key: str) -> Path:
    """Return the folder, relative to the store's, that holds the versions of a key.

    Raises:
        S3Fault: KeyTooLongError, XMinioInvalidObjectName.
    """
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise S3Fault(Code.KEY_TOO_LONG_ERROR)
    if _NOT_XML.search(key):
        raise S3Fault(Code.MINIO_INVALID_OBJECT_NAME)
    *parents, last = [_encode(segment) for segment in key.split("/")]
    return Path(*parents, last + HOLDER)


def folder_below(prefix: str) -> tuple[Path, str] | None:
    """Return the deepest folder all keys with this prefix lie in, and that folder's own prefix.

    None when no key can begin so.
    """
    *parents, _ = prefix.split("/")
    names = [quote_segment(segment) for segment in parents]
    if any(len(name) > _MAX_NAME_LENGTH for name in names):
        return None
    return Path(*names), "".join(f"{segment}/" for segment in parents)


def segment_of(name: str) -> str:
    """Return the segment that an encoded name, without its @, stands for."""
    return "" if name == _EMPTY else unquote(name)


def quote_segment(segment: str) -> str:
    """Return a segment as a name: no slash, never hidden, never `.` or `..`."""
    encoded = quote(segment, safe="").replace("~", "%7E")
    return "%2E" + encoded[1:] if encoded.startswith(".") else encoded or _EMPTY


def _encode(segment: str) -> str:
    name = quote_segment(segment)
    if len(name) > _MAX_NAME_LENGTH:
        raise S3Fault(Code.KEY_TOO_LONG_ERROR)
    return name
