"""The parts only the page of API keys is made of."""

from dataclasses import dataclass

from server.portal.parts import Chip


@dataclass(frozen=True)
class KeyLine:
    """A key in the list, without what opens the door."""

    key_id: str
    name: str
    shown: str
    """Its public beginning and its last four characters."""
    may: str
    """What it may do, in words."""
    created: str
    last_used: str
    expires: str
    chip: Chip
    is_usable: bool


@dataclass(frozen=True)
class KeyKind:
    """A use of a key, and the scopes it needs."""

    name: str
    label: str
    explains: str
    scopes: str
    """Separated by spaces."""
