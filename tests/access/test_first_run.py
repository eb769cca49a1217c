"""The first run: once, and its secrets in one private file."""

import json
import stat

import pytest

from server.access.first_run import first_run
from server.access.scopes import ALL_SCOPES
from server.parts import Parts


async def test_the_file_has_working_secrets_and_is_private(parts: Parts) -> None:
    path = await first_run(parts.settings, parts.units, parts.access)

    assert path is not None
    told = json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(told) == {"url", "apiKey", "adminEmail", "adminPassword"}
    principal = await parts.room.directory.principal_of_key(told["apiKey"])
    assert principal is not None
    assert principal.scopes == ALL_SCOPES
    assert await parts.room.sign_in.begin(told["adminEmail"], told["adminPassword"], parts.clock())


async def test_the_second_run_changes_nothing(parts: Parts) -> None:
    path = await first_run(parts.settings, parts.units, parts.access)
    assert path is not None
    before = path.read_text()

    assert await first_run(parts.settings, parts.units, parts.access) is None
    assert path.read_text() == before


async def test_a_crash_before_the_commit_is_made_up_for(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def power_cut(_unit: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("server.unit_of_work.UnitOfWork.commit", power_cut)
        with pytest.raises(KeyboardInterrupt):
            await first_run(parts.settings, parts.units, parts.access)

    path = await first_run(parts.settings, parts.units, parts.access)

    assert path is not None
    key = json.loads(path.read_text())["apiKey"]
    assert await parts.room.directory.principal_of_key(key) is not None
