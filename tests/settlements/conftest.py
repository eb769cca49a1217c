"""Fixtures of this folder's tests."""

from tests.fixtures.books import books, neighbour
from tests.fixtures.files import clock, desk, settings
from tests.fixtures.ingest import engine
from tests.fixtures.workshop import embedded_address, workshop

__all__ = [
    "books",
    "clock",
    "desk",
    "embedded_address",
    "engine",
    "neighbour",
    "settings",
    "workshop",
]
