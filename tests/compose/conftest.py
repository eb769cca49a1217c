"""The Docker engine and the images that all installations of a run share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compose.engine import EngineMissing, engine
from tests.compose.images import make_images


@pytest.fixture(scope="session")
def docker() -> Iterator[dict[str, str]]:
    """Give the environment in which `docker` reaches an engine that has the images."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tallydock-compose"
    try:
        with engine(cache / "engine") as environment:
            make_images(environment, cache)
            yield environment
    except EngineMissing as fault:
        pytest.skip(str(fault))
