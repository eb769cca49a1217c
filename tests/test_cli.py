"""The command an operator types, from an empty folder to a revoked key."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from server.version import VERSION
from tests.fixtures.http import NOWHERE
from worker.cli import main


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Give a runner whose settings name a folder of its own."""
    values = {
        "HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/test.db",
        "VALKEY_URL": "redis://127.0.0.1:1",
        "STORAGE_INTERNAL_URL": NOWHERE,
        "STORAGE_ACCESS_KEY": "tallydock-test",
        "STORAGE_SECRET_KEY": "a secret for tests",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"TALLYDOCK_{name}", value)
    # Log settings are the whole process's, and other tests read log lines.
    monkeypatch.setattr("server.commands.configure_logs", lambda **_settings: None)
    return CliRunner()


def run(cli: CliRunner, command: str, *, code: int = 0) -> str:
    """Run a command and return what it prints."""
    with capture_logs():
        result = cli.invoke(main, command.split())
    assert result.exit_code == code, result.output
    return result.output


def test_from_an_empty_folder_to_a_revoked_key(cli: CliRunner, tmp_path: Path) -> None:
    run(cli, "migrate")
    run(cli, "migrate")
    no_workspace = run(cli, "keys list", code=1)
    first = run(cli, "first-run")
    again = run(cli, "first-run")
    text = run(cli, "keys create --name shop --scope files:read --days 3").strip()
    listed = run(cli, "keys list").splitlines()
    key_id = listed[0].split()[0]
    run(cli, f"keys revoke {key_id}")
    after = run(cli, "keys list").splitlines()

    assert "first-run" in no_workspace
    assert str(tmp_path / "first-run.json") in first.replace("\n", "")
    assert "Already" in again
    assert json.loads((tmp_path / "first-run.json").read_text())["apiKey"].startswith("tdk_")
    assert text.startswith("tdk_")
    assert "shop  files:read" in listed[0]
    assert text not in "".join(listed)
    assert after[0].endswith("revoked")


def test_an_operator_makes_a_workspace_and_helps_who_cannot_come_in(cli: CliRunner) -> None:
    run(cli, "migrate")
    run(cli, "first-run")

    join = run(cli, "workspaces create Southwind --admin new@x.example").strip()
    link = run(cli, "people password-link ADMIN@tallydock.local").strip()
    off = run(cli, "people reset-second-factor admin@tallydock.local")
    nobody = run(cli, "people password-link nobody@x.example", code=1)

    assert "/sign-in/join?token=" in join
    assert "/sign-in/password?token=" in link
    assert "Turned off" in off
    assert "Nobody signs in with nobody@x.example" in nobody


def test_an_unknown_key_cannot_be_revoked(cli: CliRunner) -> None:
    run(cli, "migrate")
    run(cli, "first-run")

    told = run(cli, "keys revoke 01936000-0000-7000-8000-000000000000", code=1)

    assert "no such key" in told


def test_what_needs_a_workers_hands_is_the_same_command(cli: CliRunner) -> None:
    run(cli, "migrate")
    run(cli, "first-run")

    drained = run(cli, "drain --end")
    again = run(cli, "retry")
    unknown = run(cli, "retry --code no-such-code", code=2)

    assert "were not drained" in drained
    assert "Queued again: 0" in again
    assert "no-such-code" in unknown


def test_a_rebuild_is_refused_while_workers_may_work(cli: CliRunner) -> None:
    run(cli, "migrate")

    assert "tallydock drain" in run(cli, "rebuild --yes", code=1)


def test_the_support_report_is_json_and_nothing_else(cli: CliRunner) -> None:
    run(cli, "migrate")

    report = json.loads(run(cli, "support-report"))

    assert report["findings"]["database tables"] is None
    assert report["findings"]["queue"] is not None
    assert report["operations"]["versions"].keys() == {VERSION}
