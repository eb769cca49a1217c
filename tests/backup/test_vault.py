"""One process at a time writes into a vault; what an interrupted one left is nobody's backup."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fixtures.appliance import ROOT
from worker.backup.held import HeldVault, hold
from worker.backup.lock import Busy
from worker.backup.sealing import Sealer
from worker.backup.vault import NoBackup, Vault
from worker.cli import main

KEY = b"k" * 32
NIGHT = datetime(2026, 1, 1, tzinfo=UTC)

# Prints when it holds the lock, and keeps it until it is killed.
HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from worker.backup.lock import locked
with locked(Path(sys.argv[1]), datetime(2026, 1, 1, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Give a vault."""
    return Vault(tmp_path / "vault", Sealer(KEY))


async def content() -> AsyncIterator[bytes]:
    """Yield something."""
    yield b"something"


async def begun(held: HeldVault, at: datetime, part: str) -> Path:
    """Write a backup up to where only its manifest is lacking; return its folder."""
    folder = held.begin(at)
    await held.keep_database(folder, content())
    await held.keep(part, content())
    return folder


async def finished(held: HeldVault, at: datetime, part: str) -> None:
    """Write a backup of one part."""
    folder = await begun(held, at, part)
    await held.finish(folder, {"originals": [{"part": part}], "rows": []}, {"files": 1})


async def test_a_backup_that_is_longer_than_a_night_keeps_its_parts(vault: Vault) -> None:
    with hold(vault) as first:
        folder = await begun(first, NIGHT, "first")
        with pytest.raises(Busy), hold(Vault(vault.folder, Sealer(KEY))) as second:
            second.forget_all_but(1)
        await first.finish(folder, {"originals": [{"part": "first"}], "rows": []}, {"files": 1})

    assert len(vault.backups()) == 1
    assert b"".join(vault.read("first")) == b"something"


def test_the_command_says_who_writes_and_changes_nothing(vault: Vault, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(KEY.hex())
    with hold(vault):
        before = sorted(vault.folder.rglob("*"))
        refused = CliRunner().invoke(
            main, ["backup", str(vault.folder), "--key", str(key), "--keep", "1"]
        )
        after = sorted(vault.folder.rglob("*"))

    assert refused.exit_code == 1
    assert "already, by process " in refused.output
    assert " UTC. No other was made" in refused.output
    assert after == before


def test_a_killed_backup_holds_the_vault_no_more(vault: Vault) -> None:
    with hold(vault):
        pass
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(vault.folder / "lock")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Busy, match=f"process {holder.pid} on .* since 2026-01-01 00:00:00 UTC"):
        hold(vault).__enter__()

    holder.kill()
    holder.wait()
    holder.stdout.close()

    with hold(vault) as held:
        assert held.backups() == []


async def test_the_next_backup_removes_what_an_interrupted_one_left(vault: Vault) -> None:
    with hold(vault) as held:
        await finished(held, NIGHT, "whole")
        left = await begun(held, NIGHT.replace(day=2), "left")
        (vault.folder / "parts" / "cut.draft").write_bytes(b"half")
    of_the_operator = vault.folder / "backups" / "notes"
    of_the_operator.mkdir()

    with hold(vault) as held:
        assert not left.exists()
        assert of_the_operator.exists()
        # What is whole is made use of.
        assert sorted(path.name for path in held.parts_folder.iterdir()) == ["left", "whole"]
        assert [backup.name for backup in held.backups()] == ["20260101T000000000000Z"]


async def test_an_unfinished_backup_is_neither_listed_nor_read(vault: Vault) -> None:
    with hold(vault) as held:
        await finished(held, NIGHT, "whole")
        unfinished = await begun(held, NIGHT.replace(day=2), "left")

        assert vault.newest().name == "20260101T000000000000Z"
        with pytest.raises(NoBackup, match="never finished"):
            vault.newest(unfinished.name)
