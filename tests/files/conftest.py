"""Fixtures of this folder's tests."""

from tests.fixtures.files import clock, desk, settings

__all__ = ["clock", "desk", "settings"]
