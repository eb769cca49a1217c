"""What belongs to an installation goes with it: into a backup, out of one, and to a new version."""

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.compose.test_compose_file import COMPOSE

_MINIMAL: Final = "TALLYDOCK_SITE=tallydock.example.com\n"


def own() -> list[str]:
    """Return the names of what is an installation's own."""
    said = ["sh", "-euc", f". {COMPOSE / 'own-files'}; echo $own_files"]
    return subprocess.run(said, capture_output=True, text=True, check=True).stdout.split()


def call(command: str, folder: Path, **environment: str) -> None:
    """Run a command of the file's in a shell."""
    subprocess.run(
        ["sh", "-euc", f". {COMPOSE / 'own-files'}; {command}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **environment},
        check=True,
    )


def test_every_folder_that_a_service_sees_is_shipped_or_an_installations_own() -> None:
    mounted = {
        volume.partition(":")[0].removeprefix("./")
        for path in COMPOSE.glob("*.yaml")
        for service in yaml.load(path.read_text(), yaml.SafeLoader)["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    }
    tracked = subprocess.run(
        ["git", "ls-files", "."], cwd=COMPOSE, capture_output=True, text=True, check=False
    )
    if tracked.returncode != 0:
        pytest.skip("what is shipped is only known in a checkout")
    shipped = set(tracked.stdout.split())

    unknown = {
        name
        for name in mounted
        if name not in own() and not any(f"{path}/".startswith(f"{name}/") for path in shipped)
    }
    assert {"tls", "ca", "datasets", "proxy"} <= mounted
    assert unknown == set()


def test_all_of_an_installations_own_goes_along_and_nothing_of_its_version(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for name in own():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "." in Path(name).name:
            path.write_text("own")
        else:
            path.mkdir()
            (path / "one").write_text("own")
    (here / ".env").write_text(
        f"{_MINIMAL}COMPOSE_FILE=compose.yaml:offline.yaml:own-datasets.yaml:bank.yaml\n"
    )
    (there / "monitoring" / "prometheus" / "alertmanagers").mkdir(parents=True)
    for name in ("compose.yaml", "offline.yaml", "own-datasets.yaml", "bank.yaml", "stray"):
        (here / name).write_text("earlier")
    for name in ("compose.yaml", "own-datasets.yaml"):
        (there / name).write_text("later")

    call(f"copy_own {here} {there}", tmp_path)

    for name in own():
        path = there / name
        assert path.exists(), name
        assert path.is_file() or (path / "one").read_text() == "own", name
    texts = {path.name: path.read_text() for path in there.glob("*.yaml") if path.name not in own()}
    assert texts == {"compose.yaml": "later", "own-datasets.yaml": "later", "bank.yaml": "earlier"}
    assert not (there / "stray").exists()


@pytest.mark.parametrize(
    ("said", "is_bundle", "image", "expected"),
    [
        ("", False, "", ""),
        ("", True, "", "COMPOSE_FILE=compose.yaml:offline.yaml\n"),
        ("COMPOSE_FILE=compose.yaml:offline.yaml\n", False, "", ""),
        (
            "COMPOSE_FILE=compose.yaml:offline.yaml:bank.yaml\n",
            True,
            "",
            "COMPOSE_FILE=compose.yaml:offline.yaml:bank.yaml\n",
        ),
        (
            "COMPOSE_FILE=compose.yaml:bank.yaml\nTALLYDOCK_IMAGE=mirror/tallydock:1\n",
            True,
            "mirror/tallydock:2",
            "COMPOSE_FILE=compose.yaml:offline.yaml:bank.yaml\nTALLYDOCK_IMAGE=mirror/tallydock:2\n",
        ),
        (
            "TALLYDOCK_IMAGE=mirror/tallydock:1\n",
            False,
            "",
            "TALLYDOCK_IMAGE=mirror/tallydock:1\n",
        ),
    ],
)
def test_images_are_those_of_the_version_that_is_unpacked(
    tmp_path: Path, said: str, is_bundle: bool, image: str, expected: str
) -> None:
    (tmp_path / ".env").write_text(_MINIMAL + said)
    if is_bundle:
        (tmp_path / "offline.yaml").write_text("services: {}\n")

    call("name_images .", tmp_path, **({"TALLYDOCK_IMAGE": image} if image else {}))

    assert (tmp_path / ".env").read_text() == _MINIMAL + expected


def test_an_upgrade_does_not_go_on_with_the_earlier_versions_image(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{_MINIMAL}TALLYDOCK_IMAGE=mirror/tallydock:1\n")

    done = subprocess.run(
        [str(COMPOSE / "upgrade"), str(tmp_path), str(tmp_path / "backups")],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "say which image is this version's" in done.stderr
    assert not (tmp_path / "backups").exists()


def test_a_bundle_holds_nothing_of_the_installation_it_was_made_beside(tmp_path: Path) -> None:
    folder = tmp_path / "compose"
    shutil.copytree(COMPOSE, folder, ignore=shutil.ignore_patterns(*own()))
    for name in own():
        path = folder / name if "." in Path(name).name else folder / name / "one"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("own")
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    # An engine that has every image, and writes nothing of them.
    docker.write_text('#!/bin/sh\n[ "$1" != save ] || echo images >"$3"\n')
    docker.chmod(0o755)

    subprocess.run(
        [str(folder / "bundle"), str(tmp_path / "tallydock.tar")],
        env={"PATH": f"{docker.parent}:/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )

    with tarfile.open(tmp_path / "tallydock.tar") as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"compose.yaml", "install", "own-files", "offline.yaml", "images.tar"} <= names
    assert "monitoring/prometheus/alertmanagers" in names
    assert [name for name in names if name.endswith("/one")] == []
    assert names.isdisjoint({".env", "first-run.json", "secrets", "tls", "ca", "datasets"})
