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
