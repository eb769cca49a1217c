"""The command an operator types, from an empty folder to a revoked key."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlmodel import col, select
from structlog.testing import capture_logs

from server.audit.models import AuditEvent
from server.commands import opened
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
    link = run(cli, "users password-link ADMIN@tallydock.local").strip()
    off = run(cli, "users reset-second-factor admin@tallydock.local")
    nobody = run(cli, "users password-link nobody@x.example", code=1)

    assert "/sign-in/join?token=" in join
    assert "/sign-in/password?token=" in link
    assert "Turned off" in off
    assert "Nobody signs in with nobody@x.example" in nobody


def test_an_operator_says_who_may_come_in_and_the_trail_tells_it(cli: CliRunner) -> None:
    run(cli, "migrate")
    none_yet = run(cli, "users create ann@x.example --role editor", code=1)
    run(cli, "first-run")
    join = run(cli, "users create Ann@x.example --role editor").strip()
    token = join.partition("token=")[2]
    invited = run(cli, "users list").splitlines()
    _join(token)

    off = run(cli, "users disable ann@x.example")
    disabled = run(cli, "users list").splitlines()
    run(cli, "users disable ann@x.example")
    run(cli, "users enable ann@x.example")
    last = run(cli, "users disable admin@tallydock.local", code=1)
    there = run(cli, "users create ann@x.example --role viewer", code=1)
    run(cli, "users password-link ann@x.example")

    assert "no workspace" in none_yet
    assert sum(line.startswith("ann@x.example  editor  invited") for line in invited) == 1
    assert "Kept out of" in off
    assert sum(line.startswith("ann@x.example  editor  disabled") for line in disabled) == 1
    assert len(disabled) == 2
    assert "last administrator" in last
    assert "belongs to this workspace already" in there
    # Said again, it is no second deed.
    assert [action for action, by in _trail() if by == "cli"] == [
        "user.invited",
        "user.disabled",
        "user.enabled",
        "password.link-made",
    ]
    assert token not in str(_trail())


def test_with_several_workspaces_the_operator_says_which(cli: CliRunner) -> None:
    run(cli, "migrate")
    run(cli, "first-run")
    run(cli, "workspaces create Southwind --admin new@x.example")

    which = run(cli, "users create ann@x.example --role viewer", code=1)
    none = run(cli, "users list --workspace Nowhere", code=1)
    run(cli, "users create ann@x.example --role viewer --workspace Southwind")
    listed = run(cli, "users list --workspace Southwind")
    elsewhere = run(cli, "users disable admin@tallydock.local --workspace Southwind", code=1)

    assert "say which with --workspace" in which
    assert "no workspace Nowhere" in none
    assert "ann@x.example  viewer  invited" in listed
    assert "admin@tallydock.local" not in listed
    assert "does not belong to Southwind" in elsewhere


def _join(token: str) -> None:
    """Follow the link, as the person would in a browser."""

    async def follow() -> None:
        async with opened() as parts:
            await parts.room.invitations.join(
                token, name="Ann", password="a long password of Ann's"
            )

    asyncio.run(follow())


def _trail() -> list[tuple[str, str]]:
    """Return action and actor of every line of the audit trail, oldest first."""

    async def read() -> list[tuple[str, str]]:
        async with opened() as parts, parts.units.begin() as unit:
            found = await unit.session.exec(select(AuditEvent).order_by(col(AuditEvent.event_id)))
            return [(event.action, event.actor) for event in found]

    return asyncio.run(read())


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
