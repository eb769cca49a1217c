"""An embedded store of a test's own, with eyes on its disk."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from server.storage.s3 import S3Storage
from tests.fixtures.storage import StorageAddress, adapter_for, embedded_store


@dataclass(frozen=True)
class OpenStore:
    """A running embedded store, our adapter for it, and its folder."""

    root: Path
    address: StorageAddress
    adapter: S3Storage

    def url_to_put(self, key: str, expires_in: timedelta = timedelta(hours=1)) -> str:
        """Return a presigned PUT."""
        return self.adapter.presign_put(key, expires_in=expires_in)

    def put(self, key: str, data: bytes, **headers: str) -> httpx.Response:
        """PUT data with a presigned URL and more headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.put(self.url_to_put(key), content=data, headers=named)

    def get(self, key: str, **headers: str) -> httpx.Response:
        """GET the newest version with a presigned URL and more headers."""
        url = self.adapter.presign_get(
            key, version_id=None, expires_in=timedelta(hours=1), public=True
        )
        return httpx.get(url, headers={n.replace("_", "-"): v for n, v in headers.items()})

    def send_raw(self, url: str, headers: str, body: bytes = b"") -> socket.socket:
        """Begin a PUT byte by byte; the caller closes the connection."""
        host, _, port = self.address.host.partition(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        path = url.removeprefix(self.address.url)
        head = f"PUT {path} HTTP/1.1\r\nHost: {self.address.host}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)
        return connection

    def files(self) -> list[str]:
        """Return every file on the disk, relative to the store's folder."""
        return sorted(
            str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenStore]:
    """Give a store of the test's own."""
    root = tmp_path / "store"
    with embedded_store(root) as address:
        adapter = adapter_for(address)
        yield OpenStore(root, address, adapter)
        adapter.close()
