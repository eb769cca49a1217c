"""The systems tests run against; one file of `fixtures/` per outside system."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.http",
    "tests.fixtures.postgres",
    "tests.fixtures.storage",
]
