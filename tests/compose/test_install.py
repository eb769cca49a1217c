"""The install, run for real: `make test-compose`. In this order, since each goes on from the last.

The shipped compose file is brought up unchanged, with stand-ins for images that cannot be pulled.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import pytest

from tests.compose.prometheus import asked, evaluated, settled
from tests.compose.site import HOST, Site, ended, put, sample, send, totals
from tests.compose.test_monitoring import dashboard

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "TALLYDOCK_TEST_COMPOSE" not in os.environ, reason="run by `make test-compose`"
    ),
]


_UNDO_DAYS: Final = 30


@pytest.fixture(scope="module")
def site(docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Install, as the README says, and remove everything in the end."""
    site = Site(tmp_path_factory.mktemp("site") / "compose", docker)
    site.lay_out()
    (site.folder / ".env").write_text(f"TALLYDOCK_UNDO_DAYS={_UNDO_DAYS}\n")
    try:
        site.run("./install", HOST)
        yield site
    finally:
        site.remove()


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    """Give a client of the first administrator's."""
    with site.client() as client:
        yield client


def test_a_file_sent_through_the_proxy_is_on_the_dashboard(client: httpx.Client) -> None:
    file = ended(client, send(client, sample(client, rows=1000, seed=1)))

    assert file["status"] == "Completed", file
    assert totals(client)
    # What .env said before the install reached the programs.
    completed, until = (
        datetime.fromisoformat(str(file[name])) for name in ("completedAt", "undoUntil")
    )
    assert abs(until - completed - timedelta(days=_UNDO_DAYS)) < timedelta(hours=1)


def test_an_unsigned_header_makes_no_other_file_of_an_upload(client: httpx.Client) -> None:
    asked = client.post(
        "/analytics/files/upload",
        json={"datasetType": "transactions", "file": {"name": "t.csv", "type": "csv"}},
    ).json()
    other = client.get("/analytics/files", params={"size": 1}).json()["results"][0]

    answers = [
        client.send(put(client, asked["uploadUrl"], b"", {name: value})).status_code
        for name, value in (
            ("x-amz-copy-source", f"/tallydock/{other['id']}"),
            ("X-AMZ-Meta-Snowball-Auto-Extract", "true"),
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("x-minio-source-mtime", "2020-01-01T00:00:00Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=somebody"),
        )
    ]
    unsigned = client.send(put(client, asked["uploadUrl"].partition("?")[0], b"1")).status_code
    listing = client.get("/tallydock/?list-type=2").status_code

    assert answers == [403, 403, 403, 403, 403]
    assert (unsigned, listing) == (403, 403)
    after = client.get(f"/analytics/files/{asked['id']}").json()
    assert after["status"] == "Pending"


def test_the_inside_is_not_reached_from_outside(site: Site, client: httpx.Client) -> None:
    paths = ("/metrics", "/storage/events", "/health/ready", "/minio/admin/v3/info")

    statuses = {client.get(path).status_code for path in paths}
    containers = json.loads(
        site.run("docker", "inspect", *site.compose("ps", "--all", "--quiet").split())
    )

    assert statuses == {404}
    published = {
        container["Config"]["Labels"]["com.docker.compose.service"]
        for container in containers
        if container["HostConfig"]["PortBindings"]
    }
    assert published == {"proxy"}
    text = json.dumps(containers)
    secrets = [path.read_text().strip() for path in (site.folder / "secrets").iterdir()]
    assert len(secrets) > 10
    assert [secret for secret in secrets if secret in text] == []


def test_no_signature_and_no_secret_is_in_any_log(site: Site, client: httpx.Client) -> None:
    logs = site.compose("logs", "--no-color")

    key = json.loads((site.folder / "first-run.json").read_text())["apiKey"]
    secrets = [path.read_text().strip() for path in (site.folder / "secrets").iterdir()]
    # The access key is no secret: it stands in every upload URL.
    public = (site.folder / "secrets" / "tallydock_storage_access_key").read_text().strip()
    assert [text for text in (*secrets, key) if text in logs and text != public] == []
    assert "X-Amz-Signature=redacted" in logs
    assert not any(
        "X-Amz-Signature=" in line and "redacted" not in line for line in logs.splitlines()
    )


@pytest.mark.parametrize("service", ["worker", "clickhouse", "storage", "valkey", "postgres"])
def test_a_file_outlives_the_death_of_any_part(
    site: Site, client: httpx.Client, service: str
) -> None:
    content = sample(client, rows=100_000, seed=len(service) * 7)
    file_id = send(client, content)

    site.compose("kill", service)
    site.compose("start", service)

    assert ended(client, file_id)["status"] == "Completed"


def test_three_workers_share_the_files_and_count_each_once(
    site: Site, client: httpx.Client
) -> None:
    site.compose("up", "--detach", "--wait", "--scale", "worker=3")

    contents = [sample(client, rows=20_000, seed=seed) for seed in range(100, 109)]
    files = [ended(client, file_id) for file_id in [send(client, text) for text in contents]]

    assert {file["status"] for file in files} == {"Completed"}
    running = site.compose("ps", "--status", "running", "--quiet", "worker").split()
    assert len(running) == 3


def test_what_was_backed_up_is_there_again_after_all_was_lost(site: Site, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    with site.client() as client:
        before = totals(client)
        listed = client.get("/analytics/files", params={"size": 100}).json()["results"]

    (site.folder / "ca").mkdir()
    (site.folder / "ca" / "ca.pem").write_text("of the bank's own")
    site.run("./backup", str(backup))
    again = site.run("./backup", str(backup), "--keep", "1")
    key = tmp_path / "key"
    shutil.copy(site.folder / "secrets" / "backup_key", key)
    site.remove()
    for name in ("secrets", "tls", "ca"):
        shutil.rmtree(site.folder / name)
    (site.folder / ".env").unlink()
    (kept,) = (backup / "backups").iterdir()
    site.run("./restore", str(backup), str(key), "--name", kept.name, "--yes")

    assert "Recovery point" in again
    assert (site.folder / "ca" / "ca.pem").read_text() == "of the bank's own"
    with site.client() as client:
        assert totals(client) == before
        assert client.get("/analytics/files", params={"size": 100}).json()["results"] == listed
        assert ended(client, send(client, sample(client, rows=1000, seed=999)))["status"] == (
            "Completed"
        )


def test_a_damaged_backup_changes_nothing(site: Site, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    site.run("./backup", str(backup))
    part = max((backup / "parts").iterdir(), key=lambda path: path.stat().st_size)
    with part.open("r+b") as sealed:
        sealed.seek(4096)
        sealed.write(b"damaged")

    key = str(site.folder / "secrets" / "backup_key")
    for options in (("--yes",), ("--yes", "--name", "another")):
        with pytest.raises(AssertionError, match="nothing was changed"):
            site.run("./restore", str(backup), key, *options)

    with site.client() as client:
        assert totals(client)


def test_the_services_get_new_keys_and_all_goes_on(site: Site) -> None:
    before = {path.name: path.read_text() for path in (site.folder / "secrets").iterdir()}
    with site.client() as client:
        shown = totals(client)

    site.run("./rotate-keys")

    after = {path.name: path.read_text() for path in (site.folder / "secrets").iterdir()}
    kept = {name for name, text in before.items() if after[name] == text}
    assert kept == {
        "backup_key",
        "grafana_admin_password",
        # No service presents it to another: second factors in the database are sealed with it.
        "tallydock_sealing_key",
        "tallydock_storage_access_key",
        "tallydock_storage_root_user",
    }
    with site.client() as client:
        assert totals(client) == shown
        assert ended(client, send(client, sample(client, rows=1000, seed=4711)))["status"] == (
            "Completed"
        )


def test_a_file_is_followed_by_its_id_through_every_part(site: Site, client: httpx.Client) -> None:
    file_id = send(client, sample(client, rows=1000, seed=815))
    assert ended(client, file_id)["status"] == "Completed"

    for service in ("proxy", "server", "worker"):
        lines = site.compose("logs", "--no-color", "--no-log-prefix", service).splitlines()
        assert [line for line in lines if file_id in line], service


def test_drained_workers_leave_a_file_alone_until_the_end(site: Site, client: httpx.Client) -> None:
    site.compose("exec", "-T", "server", "tallydock", "drain")
    file_id = send(client, sample(client, rows=1000, seed=816))
    site.compose("exec", "-T", "server", "tallydock", "sweep")

    assert client.get(f"/analytics/files/{file_id}").json()["stage"] == "queued"
    site.compose("exec", "-T", "server", "tallydock", "drain", "--end")
    assert ended(client, file_id)["status"] == "Completed"


def test_the_support_bundle_holds_no_secret_and_no_address(site: Site, tmp_path: Path) -> None:
    site.run("./support-bundle", str(tmp_path / "bundle.tar.gz"))

    with tarfile.open(tmp_path / "bundle.tar.gz") as archive:
        texts = {
            member.name: found.read().decode(errors="replace")
            for member in archive
            if (found := archive.extractfile(member)) is not None
        }
    report = json.loads(texts["./report.json"])
    secrets = [path.read_text().strip() for path in (site.folder / "secrets").iterdir()]
    public = (site.folder / "secrets" / "tallydock_storage_access_key").read_text().strip()
    whole = "".join(texts.values())
    assert [one for one in secrets if one in whole and one != public] == []
    assert "admin@tallydock.local" not in whole
    assert report["findings"]["database"] is None
    assert {"./worker.log", "./services.txt"} <= texts.keys()


def test_the_doctor_looks_from_outside_in(site: Site) -> None:
    _, said = site.said("./doctor")

    # Of the public name no name server here knows, so that is the one thing from outside it misses.
    for found in (
        *("services", "database", "object lifecycle", "storage events"),
        *("object storage's clock", "ClickHouse reads the store"),
    ):
        assert f"well  {found}" in said, said
    assert "well  worker" in said, said
    assert "ILL   public address" in said, said


def test_somebody_is_kept_out_by_command(site: Site) -> None:
    def users(*arguments: str) -> str:
        return site.compose("exec", "-T", "server", "tallydock", "users", *arguments)

    link = users("create", "nadia@example.com", "--role", "editor").strip()
    listed = users("list")

    assert link.startswith(f"{site.url}/sign-in/join?token=")
    assert "nadia@example.com  editor  invited" in listed
    assert "admin@tallydock.local  admin  active" in listed
    status, _ = site.said(
        *("docker", "compose", "exec", "-T", "server"),
        *("tallydock", "users", "disable", "admin@tallydock.local"),
    )
    assert status == 1


def test_prometheus_reaches_every_target_and_understands_every_rule(site: Site) -> None:
    site.compose("--profile", "monitoring", "up", "--detach", "--wait", "prometheus")
    files = "/etc/prometheus"

    checked = site.compose(
        "exec", "-T", "prometheus", "promtool", "check", "config", f"{files}/prometheus.yml"
    )
    jobs = settled(site, {"server", "worker"})
    rules = evaluated(site)

    assert "SUCCESS" in checked
    assert jobs == {"server": {"up"}, "worker": {"up"}}
    assert set(rules) == {"ok"}
    # Every panel's question is one that Prometheus can answer, and some have had one by now.
    answers = [asked(site, f"query?query={quote(text)}")["result"] for text in dashboard()]
    assert any(answers)
