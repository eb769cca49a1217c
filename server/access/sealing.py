"""Seals the few secrets that must be read again: a copy of the database alone opens none of them.

AES-256-GCM; the key is derived (HKDF, RFC 5869) from the setting `sealing_key`, which lies in a
file beside the database, never in it.
"""

import hashlib
import hmac
import secrets

from Crypto.Cipher import AES

from server.errors import StateConflict

_NONCE_BYTES = 12
_TAG_BYTES = 16
# Stands before every sealed text, so that another way to seal can be told from this one.
_VERSION = b"\x01"
_PURPOSE = b"tallydock second factor"


class Sealing:
    """Seals and opens with one key; without a key it does neither.

    Args:
        key: the setting, at least as random as the secrets it protects; empty for none.
    """

    def __init__(self, key: str) -> None:
        self._key = _derived(key.encode()) if key else None

    @property
    def is_possible(self) -> bool:
        """Return whether there is a key."""
        return self._key is not None

    def seal(self, secret: bytes, *, owner: str) -> bytes:
        """Return the secret, unreadable without the key and good for this owner only.

        Raises:
            StateConflict: no key is set.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = AES.new(self._required(), AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
        cipher.update(owner.encode())
        sealed, tag = cipher.encrypt_and_digest(secret)
        return _VERSION + nonce + tag + sealed

    def open(self, sealed: bytes, *, owner: str) -> bytes | None:
        """Return the secret; None when it was sealed with another key or for another owner.

        Raises:
            StateConflict: no key is set.
        """
        start, end = len(_VERSION) + _NONCE_BYTES, len(_VERSION) + _NONCE_BYTES + _TAG_BYTES
        nonce, tag = sealed[len(_VERSION) : start], sealed[start:end]
        cipher = AES.new(self._required(), AES.MODE_GCM, nonce=nonce, mac_len=_TAG_BYTES)
        cipher.update(owner.encode())
        try:
            return cipher.decrypt_and_verify(sealed[end:], tag)
        except ValueError:
            return None

    def _required(self) -> bytes:
        if self._key is None:
            detail = "This appliance has no sealing key; set TALLYDOCK_SEALING_KEY."
            raise StateConflict(detail)
        return self._key


def _derived(key: bytes) -> bytes:
    """Return 32 bytes by HKDF-SHA256 without salt: one block of its output is enough."""
    extracted = hmac.digest(bytes(32), key, hashlib.sha256)
    return hmac.digest(extracted, _PURPOSE + b"\x01", hashlib.sha256)
