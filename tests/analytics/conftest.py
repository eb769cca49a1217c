"""Fixtures of this folder's tests."""

from tests.fixtures.ingest import engine

__all__ = ["engine"]
