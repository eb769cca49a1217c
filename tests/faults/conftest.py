"""Fixtures of this folder's tests."""

from tests.fixtures.appliance import client

__all__ = ["client"]
