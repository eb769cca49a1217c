"""API keys as text: `tdk_<public id>_<secret>_<checksum>`.

The public id finds the row, the secret proves the right to it, the checksum lets us (and scanners
for leaked secrets) refuse nonsense without asking the database. Only the SHA-256 of the whole text
is stored: the secret has 190 random bits, so a slow hash would add nothing.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PUBLIC_ID_CHARACTERS = 12
_SECRET_CHARACTERS = 32  # 190 bits
_CHECKSUM_CHARACTERS = 6  # base62 of 32 bits
_FORM = re.compile(r"tdk_([0-9A-Za-z]{12})_([0-9A-Za-z]{32})_([0-9A-Za-z]{6})")


@dataclass(frozen=True)
class NewKey:
    """A key just made; `text` is shown once and kept nowhere."""

    text: str
    public_id: str
    secret_hash: str
    last4: str


def make_key() -> NewKey:
    """Return a new random key."""
    public_id = _random(_PUBLIC_ID_CHARACTERS)
    secret = _random(_SECRET_CHARACTERS)
    body = f"tdk_{public_id}_{secret}"
    text = f"{body}_{_checksum(body)}"
    return NewKey(text, public_id, hash_of(text), text[-4:])


def public_id_of(text: str) -> str | None:
    """Return the part that finds the row, or None when the text cannot be one of our keys."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    body, _, checksum = text.rpartition("_")
    return form.group(1) if hmac.compare_digest(_checksum(body), checksum) else None


def hash_of(text: str) -> str:
    """Return the SHA-256 of a key or a session token, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
