"""Installations of other kinds, run for real: `make test-compose`.

On systems of the operator's own, and from an archive without a network.
"""

import os
import re
import secrets
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.compose.images import APPLIANCE, ROOT, build_ours
from tests.compose.site import HOST, Site, ended, installed, sample, send, totals

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "TALLYDOCK_TEST_COMPOSE" not in os.environ, reason="run by `make test-compose`"
    ),
]

_HERE: Final = Path(__file__).resolve().parent
# The bank's own store.
_KEY: Final = "bank-key"
_SECRET: Final = secrets.token_hex(16)
_PACKED: Final = f"{APPLIANCE}:packed"
# All files of ours in an image, with their time, mode and content.
_LISTED: Final = (
    "cd / && find opt/tallydock app usr/local/bin/tallydock ! -type d"
    " -printf '%p %m %s %T@ %l\\n' | sort;"
    " find opt/tallydock app usr/local/bin/tallydock -type f -exec sha256sum {} + | sort"
)


def test_systems_of_the_operators_own_take_the_place_of_ours(
    docker: dict[str, str], tmp_path: Path
) -> None:
    overlays = [f"external-{name}.yaml" for name in ("database", "storage", "clickhouse")]
    overlays.append("own-datasets.yaml")
    site = Site(tmp_path / "compose", docker)
    site.lay_out()
    shutil.copy(_HERE / "own_systems.yaml", site.folder)
    # The overlays lie above the stand-ins, as they would above nothing.
    laid, comment, _ = (site.folder / "override.yaml").read_text().partition("\n# chDB knows")
    assert comment
    (site.folder / "override.yaml").write_text(laid + "\n")
    # As the overlays say: before the install, which asks for what is missing here.
    del site.environment["COMPOSE_FILE"]
    files = ("compose.yaml", "override.yaml", *overlays, "own_systems.yaml")
    (site.folder / ".env").write_text(
        f"COMPOSE_FILE={':'.join(files)}\n"
        "TALLYDOCK_STORAGE_BUCKET=bank-files\n"
        "TALLYDOCK_STORAGE_INTERNAL_URL=http://own-storage:9000\n"
        "TALLYDOCK_STORAGE_UPSTREAM=http://own-storage:9000\n"
        "TALLYDOCK_STORAGE_HOST=own-storage\n"
    )
    own_secrets(site.folder)
    (site.folder / "datasets").mkdir()
    (site.folder / "datasets" / "vouchers.yaml").write_text(readme_dataset())
    has_own = ("own-postgres", "own-storage-1", "own-storage-2", "own-clickhouse")

    try:
        # The bank's systems are there before; the compose file cannot be read without these two.
        told = ("env", f"TALLYDOCK_SITE={HOST}", f"TALLYDOCK_PUBLIC_URL={site.url}")
        site.run(*told, "docker", "compose", "up", "--detach", "--wait", *has_own)
        make_bucket(site)
        site.run("./install", HOST)
        with site.client() as client:
            file = ended(client, send(client, sample(client, rows=5000, seed=1)))
            assert file["status"] == "Completed", file
            assert totals(client)
            content = sample(client, rows=500, seed=1, dataset="vouchers")
            vouchers = ended(client, send(client, content, "vouchers"))
            assert vouchers["status"] == "Completed", vouchers
        backed_up = site.run("./backup", str(tmp_path / "backup"))
        running = set(site.compose("ps", "--services", "--status", "running").split())
        _, said = site.said("docker", "compose", "exec", "-T", "server", "tallydock", "doctor")
    finally:
        site.remove()

    assert "2 files, 5500 rows" in backed_up
    assert running == {"proxy", "server", "worker", "valkey", *has_own}
    for name in ("database", "object versions", "ClickHouse", "ClickHouse reads the store"):
        assert f"well  {name}\n" in said, said
    # The bank's bucket has no rules yet, and the doctor says so.
    assert "ILL   object lifecycle: no lifecycle rule" in said, said


def readme_dataset() -> str:
    """Return the dataset that the README shows how to declare."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(text)


def own_secrets(folder: Path) -> None:
    """Write what an operator writes before they install."""
    password = secrets.token_hex(12)
    (folder / "own").mkdir()
    (folder / "own" / "postgres_password").write_text(password)
    (folder / "own" / "storage_env").write_text(
        f"MINIO_ROOT_USER={_KEY}\nMINIO_ROOT_PASSWORD={_SECRET}\nMINIO_BROWSER=off\nHOME=/tmp\n"
        # It refuses several folders of one disk otherwise.
        "MINIO_CI_CD=1\n"
    )
    (folder / "secrets").mkdir(mode=0o700)
    for name, text in {
        "tallydock_database_url": (
            f"postgresql+asyncpg://bank:{password}@own-postgres:5432/payments"
        ),
        "tallydock_storage_access_key": _KEY,
        "tallydock_storage_secret_key": _SECRET,
        "tallydock_storage_event_token": "",
        "tallydock_clickhouse_dsn": "clickhouse://default@own-clickhouse:8123/",
    }.items():
        (folder / "secrets" / name).write_text(f"{text}\n")
    for path in (*(folder / "secrets").iterdir(), *(folder / "own").iterdir()):
        path.chmod(0o444)


def make_bucket(site: Site) -> None:
    """Have a bucket that keeps versions, as the bank's people would make it."""
    # A node that is well answers 503 until both have agreed on what they hold.
    text = (
        "import asyncio, time\n"
        "from server.errors import StorageUnavailable\n"
        "from server.settings import Settings\n"
        "from server.storage import s3\n"
        "for left in range(30, -1, -1):\n"
        "    try:\n"
        "        asyncio.run(s3.from_settings(Settings()).ensure_bucket())\n"
        "        break\n"
        "    except StorageUnavailable:\n"
        "        if not left:\n"
        "            raise\n"
        "        time.sleep(1)\n"
    )
    settings = {
        "INTERNAL_URL": "http://own-storage:9000",
        "PUBLIC_URL": "http://own-storage:9000",
        "BUCKET": "bank-files",
        "ACCESS_KEY": _KEY,
        "SECRET_KEY": _SECRET,
    }
    network = f"{site.environment['COMPOSE_PROJECT_NAME']}_outbound"
    told = [f"--env=TALLYDOCK_STORAGE_{name}={value}" for name, value in settings.items()]
    site.run(
        *("docker", "run", "--rm", f"--network={network}", *told),
        *("--entrypoint", "python", APPLIANCE, "-c", text),
    )


def test_an_archive_is_all_that_an_install_without_a_network_needs(
    docker: dict[str, str], tmp_path: Path
) -> None:
    archive = tmp_path / "tallydock.tar"
    registry = pretended_registry(tmp_path / "bin", docker)
    subprocess.run(["docker", "tag", APPLIANCE, _PACKED], env=docker, check=True)
    subprocess.run(
        [str(ROOT / "compose" / "bundle"), str(archive)],
        env={**registry, "TALLYDOCK_IMAGE": _PACKED},
        check=True,
        capture_output=True,
    )
    (tmp_path / "empty").mkdir()
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "empty", filter="data")
    (folder,) = (tmp_path / "empty").iterdir()
    forget_images(docker)
    site = Site(folder, docker)
    # chDB knows no users, and a sandbox no higher limits.
    (folder / "sandbox.yaml").write_text("services: {clickhouse: {ulimits: !reset {}}}\n")
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets" / "tallydock_clickhouse_dsn").write_text(
        "clickhouse://default@clickhouse:8123/\n"
    )
    site.environment.update(
        COMPOSE_FILE="compose.yaml:offline.yaml:sandbox.yaml", TALLYDOCK_IMAGE=_PACKED
    )

    with installed(site), site.client() as client:
        file = ended(client, send(client, sample(client, rows=1000, seed=1)))
        images = site.compose("config", "--images").split()

    assert file["status"] == "Completed", file
    assert {image.partition(":")[0].split("/")[0] for image in images} == {
        *("tallydock-offline", "tallydock-test")
    }


def test_the_same_sources_give_the_same_image(docker: dict[str, str]) -> None:
    again = "tallydock-test/again"
    build_ours(docker, ROOT, again, "--no-cache")

    listed = [
        subprocess.run(
            ["docker", "run", "--rm", "--entrypoint", "sh", image, "-c", _LISTED],
            env=docker,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for image in (APPLIANCE, again)
    ]

    assert listed[0].count("\n") > 1000
    assert listed[0] == listed[1]


def pretended_registry(folder: Path, docker: dict[str, str]) -> dict[str, str]:
    """Give an environment in which pulling a pinned image gives its stand-in."""
    folder.mkdir()
    shutil.copy(_HERE / "stand_ins" / "docker", folder)
    real = shutil.which("docker")
    assert real is not None
    return {**docker, "PATH": f"{folder}:{docker['PATH']}", "REAL_DOCKER": real}


def forget_images(docker: dict[str, str]) -> None:
    """Remove what was packed, so that only the archive has it."""
    listed = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"],
        env=docker,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    packed = [name for name in listed if name.startswith("tallydock-offline/") or name == _PACKED]
    assert len(packed) > 5
    subprocess.run(["docker", "image", "rm", *packed], env=docker, check=True, capture_output=True)
