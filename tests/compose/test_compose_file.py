"""What is shipped holds its promises, read from the files themselves."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, cast
from xml.etree import ElementTree as ET

import pytest
import yaml

from server.version import VERSION

COMPOSE: Final = Path(__file__).resolve().parents[2] / "compose"
PINNED: Final = re.compile(r"[^\s@]+:[\w.-]+@sha256:[0-9a-f]{64}")
_ONE_SHOTS: Final = frozenset({"volumes", "migrate", "setup", "backup"})
_SCRIPTS: Final = (
    *("install", "upgrade", "backup", "restore"),
    *("bundle", "doctor", "rotate-keys", "support-bundle"),
)

Service = Mapping[str, object]


@cache
def document() -> Mapping[str, Mapping[str, object]]:
    """Return the compose file, its merges done."""
    text = (COMPOSE / "compose.yaml").read_text()
    return cast("Mapping[str, Mapping[str, object]]", yaml.safe_load(text))


def services() -> Mapping[str, Service]:
    """Return the services by name."""
    return cast("Mapping[str, Service]", document()["services"])


def shipped(name: str) -> ET.Element:
    """Return a configuration of ClickHouse's."""
    return ET.fromstring((COMPOSE / name).read_text())  # noqa: S314 - it is our own


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
    assert PINNED.fullmatch(image), image
    # A mirror inside may serve it.
    assert image.startswith("${TALLYDOCK_REGISTRY-docker.io/}")


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


def test_no_program_tells_its_makers_anything() -> None:
    clickhouse = shipped("clickhouse/tallydock.xml")
    store = cast("Mapping[str, str]", services()["storage"]["environment"])
    grafana = cast("Mapping[str, str]", services()["grafana"]["environment"])

    reports = {part.tag: part.text for part in clickhouse.iterfind("send_crash_reports/*")}
    assert reports == {"enabled": "false", "send_logical_errors": "false"}
    assert store["MINIO_UPDATE"] == "off"
    assert not [name for name in store if re.search("CALLHOME|SUBNET", name)]
    for name in ("REPORTING_ENABLED", "CHECK_FOR_UPDATES", "CHECK_FOR_PLUGIN_UPDATES"):
        assert grafana[f"GF_ANALYTICS_{name}"] == "false"
    assert grafana["GF_NEWS_NEWS_FEED_ENABLED"] == "false"
    assert grafana["GF_PLUGINS_PLUGIN_ADMIN_ENABLED"] == "false"
    assert grafana["GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED"] == "true"
    # What else a Caddy asks for by itself is a certificate, of the authority that it is told.
    assert "admin off" in (COMPOSE / "proxy" / "Caddyfile").read_text()


def test_a_corporate_authority_is_trusted_by_all_that_reach_a_system_outside() -> None:
    laid = yaml.safe_load((COMPOSE / "corporate-ca.yaml").read_text())["services"]
    (read,) = (v for v in laid["clickhouse"]["volumes"] if v.startswith("./clickhouse/"))
    source, target, _ = read.split(":")

    reaching = {
        name
        for path in COMPOSE.glob("external-*.yaml")
        for name, service in yaml.safe_load(path.read_text())["services"].items()
        if "outbound" in service.get("networks", [])
    }
    assert reaching | {"proxy"} == laid.keys()
    assert all("./ca:/etc/tallydock/ca:ro" in service["volumes"] for service in laid.values())
    # ClickHouse knows no SSL_CERT_FILE.
    trusted = shipped(source).findtext("openSSL/client/caConfig")
    assert trusted == laid["worker"]["environment"]["SSL_CERT_FILE"]
    assert target.startswith("/etc/clickhouse-server/config.d/")


def test_every_secret_is_a_file_that_install_makes() -> None:
    declared = cast("Mapping[str, Mapping[str, str]]", document()["secrets"])
    install = (COMPOSE / "install").read_text()

    made = set(re.findall(r"^\s+keep (\w+) ", install, re.MULTILINE))
    assert made == set(declared)
    assert {entry["file"] for entry in declared.values()} == {f"./secrets/{n}" for n in declared}
    for name, service in services().items():
        settings = cast("Mapping[str, str]", service.get("environment", {}))
        for key, value in settings.items():
            told = re.search(r"PASSWORD|SECRET|TOKEN|_KEY$|_DSN|DATABASE_URL|VALKEY_URL", key)
            assert told is None or value.startswith("/run/secrets/"), f"{name}: {key}"


def test_the_secrets_of_the_appliance_are_settings_of_its() -> None:
    declared = document()["secrets"]
    settings = (COMPOSE.parent / "server" / "settings.py").read_text()

    for name in declared:
        if name.startswith("tallydock_") and not name.startswith("tallydock_storage_root"):
            assert f"    {name.removeprefix('tallydock_')}: " in settings, name


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
    shutil.copy(COMPOSE / "own-files", tmp_path)
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


def test_no_way_out_is_taken_to_what_the_proxy_itself_hands_on_to() -> None:
    proxy = cast("Mapping[str, str]", services()["proxy"]["environment"])
    handed_on = re.findall(
        r"(?:reverse_proxy|forward_auth) (?:\{\$TALLYDOCK_STORAGE_UPSTREAM:)?([\w.]+):",
        (COMPOSE / "proxy" / "Caddyfile").read_text(),
    )

    direct = proxy["NO_PROXY"].split(",")
    assert {"server", "grafana", "storage", "127.0.0.1"} == set(handed_on) <= set(direct)
    # A store of the operator's own, and what else they know of.
    assert {"${TALLYDOCK_STORAGE_HOST:-storage}", "${TALLYDOCK_NO_PROXY:-}"} <= set(direct)
