"""When two requests count as the same: the slot they share and the hash of what they ask."""

import hashlib
import json

from server.access.principal import Principal


def slot_of(principal: Principal, method: str, path: str, key: str) -> str:
    """Return where the answer is kept: one slot per workspace, principal, method, path and key."""
    parts = (principal.workspace_id, principal.key_id, method, path, key)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def request_hash(body: bytes, query_string: bytes) -> str:
    """Return a hash that is equal for equal JSON: spaces, order and `1.0` for `1` do not count."""
    return hashlib.sha256(_canonical(body) + b"\0" + query_string).hexdigest()


def _canonical(body: bytes) -> bytes:
    try:
        value = json.loads(body, parse_float=_number)
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body  # not JSON: the handler will say so, and a refusal is not kept


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number
