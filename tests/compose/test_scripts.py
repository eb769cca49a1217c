"""What the scripts say of what Docker answers, with a Docker that answers as told."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.compose.test_compose_file import COMPOSE

_HEALTHY: Final = (
    *("volumes exited 0 ", "migrate exited 0 ", "setup exited 0 "),
    *("server running 0 healthy", "worker running 0 healthy", "backup running 0 "),
)
_DOCKER: Final = """#!/bin/sh
case "$*" in
    *" ps "*) cat ../states ;;
    *root.crt*) echo authority ;;
    *" backup backup "*) cat >/dev/null; exit "$BACKUP_STATUS" ;;
    info*) echo / ;;
esac
"""
# Believes what the system believes, unless it is told to believe one authority alone.
_CURL: Final = """#!/bin/sh
case "$*" in
    *--cacert*) [ "$CERTIFICATE" = internal ] && printf 200 || { echo refused; exit 60; } ;;
    *) [ "$CERTIFICATE" = public ] && printf 200 || { echo refused; exit 60; } ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an installation beside stand-ins of the programs that the scripts call."""
    shutil.copytree(COMPOSE, tmp_path / "compose", ignore=shutil.ignore_patterns("secrets"))
    (tmp_path / "bin").mkdir()
    for name, text in {
        "docker": _DOCKER,
        "curl": _CURL,
        "openssl": "#!/bin/sh\n",
        "df": "#!/bin/sh\nprintf 'head\\n/dev/disk 9 1 8 10%% /\\n'\n",
    }.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "states").write_text("\n".join(_HEALTHY) + "\n")
    (tmp_path / "compose" / ".env").write_text(
        "TALLYDOCK_SITE=tallydock.example.com\nTALLYDOCK_PUBLIC_URL=https://tallydock.example.com\n"
    )
    return tmp_path / "compose"


def run(folder: Path, *command: str, **told: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the stand-ins."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", **told},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("tls", "certificate"),
    [
        *(("", "internal"), ("TALLYDOCK_TLS=internal", "internal")),
        *(("TALLYDOCK_TLS=acme", "public"), ('TALLYDOCK_TLS="files"', "public")),
    ],
)
def test_the_doctor_trusts_the_proxys_own_authority_only_where_it_signs(
    folder: Path, tls: str, certificate: str
) -> None:
    with (folder / ".env").open("a") as env:
        env.write(f"{tls}\n")

    done = run(folder, "./doctor", CERTIFICATE=certificate)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"well  {name}" for name in ("public address", "certificate", "Docker's disk", "services")
    ]


@pytest.mark.parametrize(
    "state", ["migrate exited 1 ", "worker running 0 unhealthy", "server restarting 1 "]
)
def test_the_doctor_sees_a_service_that_did_not_end_well(folder: Path, state: str) -> None:
    with (folder.parent / "states").open("a") as states:
        states.write(f"{state}\n")

    done = run(folder, "./doctor", CERTIFICATE="internal")

    assert done.returncode == 1
    assert f"ILL   services: {state};" in done.stdout


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [(0, 0, ""), (3, 3, "a backup was made, with gaps"), (1, 1, "no backup was made")],
)
def test_a_backup_says_whether_it_was_made_and_whether_it_has_gaps(
    folder: Path, status: int, expected: int, said: str
) -> None:
    done = run(folder, "./backup", str(folder.parent / "vault"), BACKUP_STATUS=str(status))

    assert done.returncode == expected, done.stderr
    assert said in done.stderr
    assert ("Written below" in done.stdout) == (status != 1)


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [
        (0, 0, ""),
        (3, 0, "upgrade: going on: what the backup lacks was lost before"),
        (1, 1, "no backup, no upgrade"),
    ],
)
def test_an_upgrade_goes_on_with_a_backup_that_has_gaps_and_never_without_one(
    folder: Path, status: int, expected: int, said: str
) -> None:
    later = folder.parent / "later"
    shutil.copytree(folder, later, ignore=shutil.ignore_patterns(".env"))
    vault = str(folder.parent / "vault")

    done = run(later, "./upgrade", str(folder), vault, BACKUP_STATUS=str(status))

    assert done.returncode == expected, done.stderr
    assert said in done.stderr
    assert (later / ".env").exists() == (expected == 0)
