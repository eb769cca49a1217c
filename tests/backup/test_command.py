"""An appliance's folder is backed up and put into another one by command; its keys work there."""

import secrets
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from tests.fixtures.appliance import ROOT, Appliance, started
from tests.fixtures.client import sums_of
from tests.journeys.payments import Payments

pytestmark = pytest.mark.slow


def tallydock(appliance: Appliance, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the appliance's folder."""
    return subprocess.run(
        [sys.executable, "-m", "worker.appliance_command", *arguments],
        cwd=ROOT,
        env=appliance.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def lose_bytes(folder: Path, file_id: str) -> None:
    """Have the database name bytes that the store does not have."""
    (path,) = folder.rglob("*.db")
    with closing(sqlite3.connect(path)) as database, database:
        changed = database.execute(
            "UPDATE files SET object_version = 'lost' WHERE file_id = ?", (UUID(file_id).hex,)
        )
        assert changed.rowcount == 1


def test_a_folder_is_there_again_in_another_folder(tmp_path: Path) -> None:
    payments = Payments("backup")
    rows, data = payments.file(50)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    key = tmp_path / "key"
    key.write_text(secrets.token_hex(32))
    arguments = (str(tmp_path / "vault"), "--key", str(key))

    with started(tmp_path / "one") as appliance:
        with appliance.client() as client:
            file_id, url = client.ask()
            client.put(url, data)
            client.ended(file_id)
        refused = tallydock(appliance, "backup", *arguments)
        assert appliance.stop() == 0
        backed_up = tallydock(appliance, "backup", *arguments)
        first_key = appliance.key
    whole = sorted((tmp_path / "vault" / "backups").iterdir())[0].name
    lose_bytes(tmp_path / "one", file_id)
    with_gaps = tallydock(appliance, "backup", *arguments)
    other_key = tmp_path / "other"
    other_key.write_text(secrets.token_hex(32))
    mixed = tallydock(appliance, "backup", str(tmp_path / "vault"), "--key", str(other_key))
    listed = tallydock(appliance, "backups", *arguments)
    there = Appliance(tmp_path / "two")
    restored = tallydock(there, "restore", *arguments, "--name", whole)
    users = tallydock(there, "users", "list")
    with started(tmp_path / "two") as second, second.client(first_key) as client:
        shown = client.shown(payments.provider)
        status = client.get(file_id).status

    assert refused.returncode == 1
    assert "Another Tallydock" in refused.stderr
    assert backed_up.returncode == 0, backed_up.stderr
    assert with_gaps.returncode == 3
    assert file_id in with_gaps.stderr
    assert mixed.returncode == 1
    assert "manifest does not open: it is damaged, or the key is another one" in mixed.stderr
    assert len(listed.stdout.splitlines()) == 2
    assert "gaps" not in listed.stdout.splitlines()[0]
    assert listed.stdout.splitlines()[1].endswith("gaps in 1 files")
    assert restored.returncode == 0, restored.stderr
    assert users.stdout.startswith("admin@tallydock.local  admin  active"), users.stderr
    assert status == "Completed"
    assert shown == sums_of(rows)
