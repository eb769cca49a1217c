"""Fixtures of this folder's tests."""

from tests.fixtures.ingest import engine, judge

__all__ = ["engine", "judge"]
