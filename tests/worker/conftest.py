"""Fixtures of this folder's tests."""

from tests.fixtures.files import clock, desk, settings
from tests.fixtures.worker import context, told

__all__ = ["clock", "context", "desk", "settings", "told"]
