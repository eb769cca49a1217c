"""Sealed files: encrypted and authenticated in chunks, so that size costs no memory.

AES-256-GCM. Each file has a key of its own, derived from the backup's key and a random salt; a
chunk's nonce is its number, and what is authenticated with it says whether it is the last: a file
that was cut, joined or changed does not open. Knows the library; nothing else imports it.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF

_MAGIC: Final = b"TALLYDOCK-SEALED-1\n"
_SALT_BYTES: Final = 16
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_CHUNK_BYTES: Final = 2**20
_LENGTH_BYTES: Final = 4
_MORE, _LAST = b"more", b"last"


class NotSealed(Exception):
    """A file does not open: it is damaged, was changed, or the key is another one."""


class Sealer:
    """Seals and opens files with one key.

    Args:
        key: 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            message = f"a backup's key has {_KEY_BYTES} bytes"
            raise ValueError(message)
        self._key = key

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """Return the sealer whose key stands in the file, in hexadecimal.

        Raises:
            ValueError: it holds no such key.
        """
        try:
            return cls(bytes.fromhex(path.read_text().strip()))
        except ValueError as fault:
            message = f"{path} holds no key: 64 characters of hexadecimal are one"
            raise ValueError(message) from fault

    async def seal(self, path: Path, content: AsyncIterator[bytes]) -> int:
        """Write the content into a new file; return the file's size (bytes)."""
        salt = secrets.token_bytes(_SALT_BYTES)
        key = self._derive(salt)
        number = 0
        with path.open("wb") as file:
            file.write(_MAGIC + salt)
            waiting = b""
            async for piece in content:
                waiting += piece
                # The last chunk is known only at the end, so one is always kept back.
                while len(waiting) > _CHUNK_BYTES:
                    file.write(_sealed(key, number, waiting[:_CHUNK_BYTES], _MORE))
                    waiting = waiting[_CHUNK_BYTES:]
                    number += 1
            file.write(_sealed(key, number, waiting, _LAST))
            return file.tell()

    def open(self, path: Path) -> Iterator[bytes]:
        """Yield what was sealed.

        Raises:
            NotSealed: it does not open; what was yielded before is genuine, but not all of it.
        """
        with path.open("rb") as file:
            head = file.read(len(_MAGIC) + _SALT_BYTES)
            if not head.startswith(_MAGIC) or len(head) != len(_MAGIC) + _SALT_BYTES:
                raise NotSealed(path.name)
            key = self._derive(head[len(_MAGIC) :])
            number, is_last = 0, False
            while not is_last:
                length = file.read(_LENGTH_BYTES)
                body = file.read(int.from_bytes(length) + _TAG_BYTES)
                following = file.read(1)
                is_last = not following
                file.seek(-len(following), 1)
                try:
                    yield _opened(key, number, body, _LAST if is_last else _MORE)
                except ValueError as fault:
                    raise NotSealed(path.name) from fault
                number += 1

    def _derive(self, salt: bytes) -> bytes:
        derived = HKDF(self._key, _KEY_BYTES, salt, SHA256)
        if not isinstance(derived, bytes):
            raise TypeError
        return derived


def _sealed(key: bytes, number: int, chunk: bytes, place: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=number.to_bytes(12))
    cipher.update(place)
    body, tag = cipher.encrypt_and_digest(chunk)
    return len(body).to_bytes(_LENGTH_BYTES) + body + tag


def _opened(key: bytes, number: int, body: bytes, place: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=number.to_bytes(12))
    cipher.update(place)
    return cipher.decrypt_and_verify(body[:-_TAG_BYTES], body[-_TAG_BYTES:])
