"""Fixtures of this folder's tests: two installations and a vault."""

from tests.backup.worlds import places, world

__all__ = ["places", "world"]
