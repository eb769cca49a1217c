"""From an earlier version to this one with its data in place, and back again: `make test-compose`.

From the last release of each of the last two minor versions. Before there are any, from the commits
whose data differ most usefully from today's: the last one before the database's newest revision,
and the last one before a dataset's tables got a column.
"""

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.compose.images import ROOT, build_ours
from tests.compose.site import Site, ended, installed, sample, send, totals

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "TALLYDOCK_TEST_COMPOSE" not in os.environ, reason="run by `make test-compose`"
    ),
]

_IMAGE: Final = "tallydock-test/earlier"
_DATASETS: Final = ("transactions", "settlements")
_RELEASE: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
# What finds the newest commit that changed such data.
_A_REVISION: Final = ("--diff-filter=A", "--", "server/db/migrations/versions/*.py")
_A_COLUMN: Final = ("--diff-filter=M", "-G^  - name: ", "--", "server/datasets/declared/*.yaml")


_RETIRED: Final = (
    "  retired: {image: tallydock-test/valkey, pull_policy: never, entrypoint: [sleep, infinity]}\n"
)
"""A service that a later version does not have."""


class Stored(NamedTuple):
    """What an installation keeps, as the systems themselves say it."""

    revision: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]
    """Of the dashboards, by dataset."""


def test_an_upgrade_over_a_revision_keeps_the_data_and_is_taken_back_by_its_backup(
    docker: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = release(1) or before(*_A_REVISION)
    site = earlier(reference, docker, tmp_path, capsys)

    with installed(site):
        stood, shown = fill(site)
        assert "retired" in running(site)
        moved = upgrade(site, tmp_path)
        assert moved.rows == stood.rows
        goes_on(site, shown)
        site.move_to(tmp_path / "earlier")
        key = site.folder / "secrets" / "backup_key"
        site.run("./restore", str(tmp_path / "backups"), str(key), "--yes")
        with site.client() as client:
            assert totals(client) == shown
        assert stored(site) == stood

    assert release(1) or moved.revision > stood.revision


def test_an_upgrade_over_a_column_keeps_the_rows_and_takes_new_ones(
    docker: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = release(2) or before(*_A_COLUMN)
    site = earlier(reference, docker, tmp_path, capsys)

    with installed(site):
        stood, shown = fill(site)
        assert "retired" in running(site)
        moved = upgrade(site, tmp_path)
        assert moved.rows == stood.rows
        goes_on(site, shown)
        assert stored(site).rows > stood.rows

    assert release(2) or set(moved.columns) > set(stood.columns)


def earlier(
    reference: str, docker: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> Site:
    """Return the earlier version, laid out and its image built, from its own sources alone."""
    # So that the transcript tells from what it came.
    with capsys.disabled():
        said = git("log", "-1", "--format=%h of %cs (%s)", reference).decode().strip()
        sys.stdout.write(f"\nupgrading from {said}\n")
    sources = folder / "sources"
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", reference))) as packed:
        packed.extractall(sources, filter="data")
    build_ours(docker, sources, _IMAGE)
    site = Site(folder / "earlier", docker)
    site.lay_out(sources, _IMAGE)
    declaration = site.folder / "compose.yaml"
    declared = declaration.read_text()
    declaration.write_text(declared.replace("\nservices:\n", f"\nservices:\n{_RETIRED}", 1))
    return site


def goes_on(site: Site, shown: object) -> None:
    """Hold the upgraded installation to what was shown before, and have it take new files."""
    with site.client() as client:
        assert totals(client) == shown
        for dataset in _DATASETS:
            content = sample(client, rows=1000, seed=99, dataset=dataset)
            assert ended(client, send(client, content, dataset))["status"] == "Completed"


def fill(site: Site) -> tuple[Stored, object]:
    """Send a file of each dataset; return what is stored then, and what the dashboard shows."""
    with site.client() as client:
        for dataset in _DATASETS:
            content = sample(client, rows=5000, seed=1, dataset=dataset)
            assert ended(client, send(client, content, dataset))["status"] == "Completed"
        shown = totals(client)
    assert shown
    return stored(site), shown


def upgrade(site: Site, folder: Path) -> Stored:
    """Unpack this version beside the earlier one and go over to it, as the README says."""
    before_it = site.folder
    site.move_to(folder / "compose")
    site.lay_out()
    site.run("./upgrade", str(before_it), str(folder / "backups"))
    assert list((folder / "backups").iterdir())
    assert "retired" not in running(site)
    return stored(site)


def running(site: Site) -> tuple[str, ...]:
    """Return the services that have a container, also those that the compose file lacks."""
    project = site.environment["COMPOSE_PROJECT_NAME"]
    said = site.run(
        *("docker", "ps", "--filter", f"label=com.docker.compose.project={project}"),
        *("--format", '{{.Label "com.docker.compose.service"}}'),
    )
    return tuple(said.split())


def stored(site: Site) -> Stored:
    """Ask the database and ClickHouse themselves."""
    revision = site.compose(
        *("exec", "-T", "postgres", "psql", "-qAtU", "tallydock", "-d", "tallydock"),
        *("-c", "SELECT version_num FROM alembic_version"),
    ).strip()
    tables = ", ".join(f"'{name}_current'" for name in _DATASETS)
    columns = _engine(
        site,
        "SELECT table || '.' || name FROM system.columns WHERE database = 'tallydock'"
        f" AND table IN ({tables}) ORDER BY table, position FORMAT TSV",
    )
    rows = tuple(
        int(_engine(site, f"SELECT count() FROM tallydock.{name}_current FORMAT TSV")[0])
        for name in _DATASETS
    )
    return Stored(revision, columns, rows)


def _engine(site: Site, statement: str) -> tuple[str, ...]:
    said = site.compose(
        *("exec", "-T", "clickhouse", "wget", "-q", "-O", "-"),
        *("--post-data", statement, "http://127.0.0.1:8123/"),
    )
    return tuple(said.split())


def release(back: int) -> str | None:
    """Return the last release of a minor version before this commit; None before the first one.

    Args:
        back: 1 for the newest minor version that was released, 2 for the one before.
    """
    newest: dict[tuple[int, int], tuple[int, str]] = {}
    for tag in git("tag", "--merged", "HEAD~1", "--list", "v*").decode().split():
        if found := _RELEASE.fullmatch(tag):
            major, minor, patch = (int(number) for number in found.groups())
            newest[major, minor] = max(newest.get((major, minor), (-1, "")), (patch, tag))
    if not newest:
        return None
    if len(newest) < back:
        pytest.skip(f"{back} minor versions were not released yet")
    return newest[sorted(newest)[-back]][1]


def before(*changes: str) -> str:
    """Return the commit before the newest one that made such a change."""
    changed = git("log", "-1", "--format=%H", *changes).decode().strip()
    if not changed:
        pytest.skip(f"no earlier version here: no commit that changed {changes[-1]}")
    return git("rev-parse", "--verify", f"{changed}^").decode().strip()


def git(*arguments: str) -> bytes:
    """Return what git prints; skipped where there is no earlier version to be had."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no earlier version here: git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout
