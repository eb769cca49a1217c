"""The systems tests run against; one file of `fixtures/` per outside system."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from server.access import passwords

_LONG = (
    "browser",
    "faults",
    "journeys",
    "settlements",
    "operations",
    "maintenance",
    "ingest",
    "mappings",
    "datasets",
)

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.http",
    "tests.fixtures.postgres",
    "tests.fixtures.storage",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests that take both an engine and a PostgreSQL to the slow ones.

    Folders with long files come first: one that begins last is waited for by an idle core.
    """
    for item in items:
        callspec = getattr(item, "callspec", None)
        is_on_postgresql = callspec is not None and "postgresql" in callspec.params.values()
        if is_on_postgresql and "workshop" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: _LONG.index(it) if (it := _folder(item)) in _LONG else len(_LONG))


def _folder(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/").split("/")[0]


@pytest.fixture(autouse=True, scope="session")
def real_hasher() -> Iterator[PasswordHasher]:
    """Give the hasher of passwords, and have one that does little work take its place.

    Nearly every test makes a user, which cost a fifth of a second each; processes that tests start
    are as slow as ever.
    """
    real = passwords._HASHER
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", quick)
        yield real
