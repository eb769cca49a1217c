"""An installation as an operator makes it, in a folder of its own, with the stand-ins laid over."""

import itertools
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.compose.images import APPLIANCE, ROOT

HOST: Final = "tallydock.test"
_LONGEST_SECONDS: Final = 180
_NUMBERS: Final = itertools.count()


class Site:
    """What an operator types, and what a client of theirs sees.

    Args:
        folder: where the compose files are copied to.
        environment: in which `docker` reaches the engine.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        name = f"tallydock-test-{os.getpid()}-{next(_NUMBERS)}"
        self.port, http_port = _free_port(), _free_port()
        self.url = f"https://{HOST}:{self.port}"
        self.environment = {
            **environment,
            "COMPOSE_PROJECT_NAME": name,
            "COMPOSE_FILE": "compose.yaml:override.yaml",
            "TALLYDOCK_IMAGE": APPLIANCE,
            "TALLYDOCK_LISTEN": "127.0.0.1",
            "TALLYDOCK_HTTPS_PORT": str(self.port),
            "TALLYDOCK_HTTP_PORT": str(http_port),
        }

    def lay_out(self, sources: Path = ROOT, image: str = APPLIANCE) -> None:
        """Copy what is shipped, unchanged, and the override beside it.

        Args:
            sources: the checkout of some version.
            image: its image.
        """
        shutil.copytree(sources / "compose", self.folder)
        # Its own, too: a service that it does not know would be one more of its services.
        override = sources / "tests" / "compose" / "override.yaml"
        laid_over = override.read_text().replace(APPLIANCE, image)
        (self.folder / "override.yaml").write_text(laid_over)
        dsn = self.folder / "clickhouse_dsn_of_the_stand_in"
        dsn.write_text("clickhouse://default@clickhouse:8123/\n")
        dsn.chmod(0o444)

    def move_to(self, folder: Path) -> None:
        """Go on in another folder, in which a version was unpacked."""
        self.folder = folder

    def said(self, *command: str) -> tuple[int, str]:
        """Run a command in the folder; return its status and what it prints."""
        done = self._done(command)
        return done.returncode, done.stdout

    def run(self, *command: str) -> str:
        """Run a command in the folder and return what it prints; it must succeed."""
        done = self._done(command)
        assert done.returncode == 0, f"{command}: {(done.stdout + done.stderr)[-4000:]}"
        return done.stdout

    def _done(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def compose(self, *arguments: str) -> str:
        """Run `docker compose`."""
        return self.run("docker", "compose", *arguments)

    def client(self) -> httpx.Client:
        """Return a client that trusts the proxy's authority and signs in with the first key."""
        root = self.folder / "root.crt"
        path = "/data/caddy/pki/authorities/local/root.crt"
        root.write_text(self.compose("exec", "-T", "proxy", "cat", path))
        facts = json.loads((self.folder / "first-run.json").read_text())
        return httpx.Client(
            base_url=self.url,
            verify=ssl.create_default_context(cafile=str(root)),
            headers={"authorization": f"Bearer {facts['apiKey']}"},
            transport=_ToLoopback(ssl.create_default_context(cafile=str(root)), self.port),
            timeout=60,
        )

    def remove(self) -> None:
        """Remove every container and volume."""
        self.compose("down", "--volumes", "--timeout", "20")


@contextmanager
def installed(site: Site) -> Iterator[Site]:
    """Install what is laid out; remove it in the end."""
    try:
        site.run("./install", HOST)
        yield site
    finally:
        site.remove()


class _ToLoopback(httpx.HTTPTransport):
    """Connects to loopback for the name that no name server knows; TLS still checks the name."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        super().__init__(verify=context)
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["host"] = f"{HOST}:{self._port}"
        request.extensions["sni_hostname"] = HOST
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def put(
    client: httpx.Client, url: str, content: bytes, headers: Mapping[str, str] | None = None
) -> httpx.Request:
    """Return the PUT of an upload as plain curl would send it, with headers beyond that."""
    request = client.build_request("PUT", url, content=content)
    del request.headers["authorization"]
    request.headers.update(headers or {})
    return request


def send(client: httpx.Client, content: bytes, dataset: str = "transactions") -> str:
    """Send a file of a dataset and return its id."""
    asked = client.post(
        "/analytics/files/upload",
        json={"datasetType": dataset, "file": {"name": f"{dataset}.csv", "type": "csv"}},
    )
    assert asked.status_code == 201, asked.text
    sent = client.send(put(client, asked.json()["uploadUrl"], content))
    assert sent.status_code == 200, sent.text
    file_id: str = asked.json()["id"]
    return file_id


def ended(client: httpx.Client, file_id: str) -> dict[str, object]:
    """Return the file once it is Completed or Failed; an outage on the way is waited out."""
    end = time.monotonic() + _LONGEST_SECONDS
    while time.monotonic() < end:
        try:
            answer = client.get(f"/analytics/files/{file_id}")
        except httpx.TransportError:
            time.sleep(0.5)
            continue
        if answer.is_success and answer.json()["status"] in ("Completed", "Failed"):
            file: dict[str, object] = answer.json()
            return file
        time.sleep(0.2)
    message = "the file came to no end"
    raise AssertionError(message)


def sample(client: httpx.Client, *, rows: int, seed: int, dataset: str = "transactions") -> bytes:
    """Return a made-up file."""
    path = f"/analytics/datasets/{dataset}/sample.csv"
    return client.get(path, params={"rows": rows, "seed": seed}).raise_for_status().content


def totals(client: httpx.Client) -> object:
    """Return what the dashboard says of all time."""
    query = {"from": "2000-01-01", "to": "2100-01-01"}
    answer = client.get("/analytics/insights/volume-by-provider", params=query).raise_for_status()
    return answer.json()["rows"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
