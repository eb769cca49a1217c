"""The systems tests run against; one file of `fixtures/` per outside system."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from server.access import passwords

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.http",
    "tests.fixtures.postgres",
    "tests.fixtures.storage",
]

# Their statements are ClickHouse's; what they ask of the database is held on both kinds by
# tests/db, tests/files, tests/access and tests/worker.
ENGINE_ROOMS = ("tests/maintenance/", "tests/settlements/", "tests/operations/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the second kind of database of the engine's tests to the slow ones.

    The browser's files come first: a long one that begins last is waited for by an idle core.
    """
    for item in items:
        callspec = getattr(item, "callspec", None)
        if (
            callspec
            and "postgresql" in callspec.params.values()
            and item.nodeid.startswith(ENGINE_ROOMS)
        ):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: not item.nodeid.startswith("tests/browser/"))


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
