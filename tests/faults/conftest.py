"""Fixtures of this folder's tests."""

from tests.fixtures.appliance import own_appliance

__all__ = ["own_appliance"]
