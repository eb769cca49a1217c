"""Time-based one-time codes (RFC 6238): what the app on a phone shows for a secret.

SHA-1, 30 seconds and six digits, because every app knows these and many know nothing else.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
# One step to either side (RFC 6238, 5.2): a phone's clock is never quite right.
_TOLERANCE = 1
# 160 bits, as long as the hash (RFC 4226, 4, R6).
_SECRET_BYTES = 20


def make_secret() -> bytes:
    """Return a new random secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a time step, six digits (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(moment: datetime) -> int:
    """Return the number of the time step the moment is in."""
    return int(moment.timestamp()) // STEP_SECONDS


def step_of_code(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step whose code this is, among those near enough; None when it is none of them.

    The caller refuses a step it has taken before, or an earlier one.
    """
    present = step_of(now)
    found = None
    # All are compared, so that the time it takes says nothing.
    for step in range(present - _TOLERANCE, present + _TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def as_text(secret: bytes) -> str:
    """Return the secret as people type it: base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[index : index + 4] for index in range(0, len(text), 4))


def as_address(secret: bytes, *, email: str, issuer: str = "Tallydock") -> str:
    """Return the `otpauth:` address that apps read from a QR code."""
    label = quote(f"{issuer}:{email}", safe=":@")
    text = base64.b32encode(secret).decode()
    return (
        f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer)}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
