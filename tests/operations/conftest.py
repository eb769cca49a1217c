"""Fixtures of this folder's tests: a workshop with an engine, a store and each database."""

from tests.fixtures.files import clock, desk, settings
from tests.fixtures.ingest import engine
from tests.fixtures.workshop import embedded_address, workshop

__all__ = ["clock", "desk", "embedded_address", "engine", "settings", "workshop"]
