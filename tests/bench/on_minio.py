"""An appliance on a real MinIO, which tells of what arrived by its webhook."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from minio import Minio
from minio.notificationconfig import NotificationConfig, QueueConfig

from server.access.first_run import FILE_NAME
from tests.bench.serving import free_port
from tests.fixtures.storage import StorageAddress, minio_server

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60
_STOP_SECONDS = 20
# How MinIO calls the webhook of this name (`MINIO_NOTIFY_WEBHOOK_…_TALLYDOCK`).
_TARGET = "arn:minio:sqs::TALLYDOCK:webhook"


@contextmanager
def appliance_on_minio(folder: Path) -> Iterator[Path]:
    """Run MinIO and an appliance on it until the block ends; give the path of first-run.json.

    Raises:
        pytest.skip.Exception: there is no MinIO on this machine.
    """
    port, token = free_port(), secrets.token_hex(16)
    notify = {
        "MINIO_NOTIFY_WEBHOOK_ENABLE_TALLYDOCK": "on",
        "MINIO_NOTIFY_WEBHOOK_ENDPOINT_TALLYDOCK": f"http://127.0.0.1:{port}/storage/events",
        "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_TALLYDOCK": f"Bearer {token}",
    }
    with (
        mock.patch.dict(os.environ, notify),
        minio_server(folder / "minio") as address,
        _running(folder, port, token, address) as home,
    ):
        _ask_for_events(address)
        yield home / FILE_NAME


@contextmanager
def _running(folder: Path, port: int, token: str, address: StorageAddress) -> Iterator[Path]:
    home, log = folder / "data", folder / "composed.log"
    environment = {
        **os.environ,
        "TALLYDOCK_HOME": str(home),
        "TALLYDOCK_PORT": str(port),
        "TALLYDOCK_LOG_LEVEL": "WARNING",
        "TALLYDOCK_STORAGE_INTERNAL_URL": address.url,
        "TALLYDOCK_STORAGE_PUBLIC_URL": address.url,
        "TALLYDOCK_STORAGE_BUCKET": address.bucket,
        "TALLYDOCK_STORAGE_REGION": address.region,
        "TALLYDOCK_STORAGE_ACCESS_KEY": address.access_key,
        "TALLYDOCK_STORAGE_SECRET_KEY": address.secret_key,
        "TALLYDOCK_STORAGE_EVENT_TOKEN": token,
        # The sweep would find the bytes too: nothing but events may be measured.
        "TALLYDOCK_SWEEP_SECONDS": "3600",
    }
    command = [sys.executable, "-m", "tests.bench.composed"]
    with (
        log.open("w") as told,
        subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdout=told, stderr=told
        ) as appliance,
    ):
        try:
            end = time.monotonic() + _START_SECONDS
            while not (home / FILE_NAME).exists():
                assert appliance.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield home
            appliance.send_signal(signal.SIGINT)
            appliance.wait(_STOP_SECONDS)
        finally:
            appliance.kill()


def _ask_for_events(address: StorageAddress) -> None:
    client = Minio(
        address.host,
        address.access_key,
        address.secret_key,
        secure=address.url.startswith("https"),
        region=address.region,
    )
    events = QueueConfig(queue=_TARGET, events=["s3:ObjectCreated:*"])
    client.set_bucket_notification(address.bucket, NotificationConfig(queue_config_list=[events]))
