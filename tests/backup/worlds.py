"""An installation with files, an empty one and a vault: on embedded and on real parts."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.backup.homes import Home, Place, embedded_places, home, real_places
from worker.backup.held import hold
from worker.backup.restore import Restored, restore
from worker.backup.sealing import Sealer
from worker.backup.vault import Vault
from worker.backup.write import Written, write_backup


@dataclass(frozen=True)
class World:
    """An installation that has files, an empty one, and a vault beside them."""

    first: Home
    second: Home
    folder: Path
    vault: Vault

    async def backed_up(self) -> Written:
        """Back the first up."""
        with hold(self.vault) as held:
            return await write_backup(self.first.parts, held)

    async def restored(self) -> Restored:
        """Put the newest backup into the second."""
        return await restore(self.second.parts, self.vault, self.vault.newest())


@pytest.fixture(params=["embedded", "real"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """Give two places, on parts of each kind."""
    if request.param == "embedded":
        with embedded_places(tmp_path) as both:
            yield both
    else:
        with real_places(tmp_path, str(request.getfixturevalue("postgres_url"))) as both:
            yield both


@pytest_asyncio.fixture
async def world(places: tuple[Place, Place], tmp_path: Path) -> AsyncIterator[World]:
    """Give the world."""
    async with home(places[0]) as first, home(places[1]) as second:
        vault = Vault(tmp_path / "vault", Sealer(secrets.token_bytes(32)))
        yield World(first, second, tmp_path / "vault", vault)
