"""A disk that is full to the last byte: nothing is lost, nothing is half there, all goes on later.

The disk is a small tmpfs, which takes root to mount.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.bulk import Bulk, new_provider
from tests.fixtures.appliance import Appliance, started
from tests.fixtures.client import UPLOAD, Client, counts_of

pytestmark = pytest.mark.slow

_SIZE_BYTES = 900 * 2**20
ROWS = 200_000
GOOD = {"datasetType": "transactions", "file": {"name": "a.csv", "type": "csv"}}


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left_bytes: int = 0) -> None:
        """Leave no more than so many bytes."""
        disk = os.statvfs(self.folder)
        with self._ballast.open("ab") as ballast:
            end = ballast.seek(0, os.SEEK_END)
            more = disk.f_bavail * disk.f_frsize - left_bytes
            if more > 0:
                with contextlib.suppress(OSError):  # somebody else was quicker by a page
                    os.posix_fallocate(ballast.fileno(), end, more)

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount one below folder until the block ends."""
    if os.geteuid() != 0:
        pytest.skip("no small disk: mounting a tmpfs takes root")
    place = folder / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_BYTES}", "tmpfs", str(place)]
    mounted = subprocess.run(mounting, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small disk: {mounted.stderr.strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """Give a disk that tests fill and empty."""
    with small_disk(tmp_path_factory.mktemp("full")) as disk:
        yield disk


@pytest.fixture(scope="module")
def appliance(disk: Disk) -> Iterator[Appliance]:
    """Give an appliance whose everything is on that disk."""
    settings = {"sweep_seconds": 0.5, "retry_base_seconds": 0.5, "lease_seconds": 5}
    with started(disk.folder, **settings) as appliance:
        yield appliance


@pytest.fixture
def full(disk: Disk) -> Iterator[Disk]:
    """Give the disk, which is empty again after the test."""
    yield disk
    disk.empty()


def test_an_upload_that_would_take_the_last_of_the_disk_is_refused(
    client: Client, full: Disk
) -> None:
    rows = Bulk(1, ROWS, "1.00", provider=new_provider())
    file_id, url = client.ask()

    full.fill(left_bytes=100 * 2**20)
    refused = client.put(url, rows.data)
    full.empty()
    # The URL is as good as before: no object came to be.
    taken = client.put(url, rows.data)

    assert (refused, taken) == (507, 200)
    assert counts_of(client.ended(file_id))["inserted"] == ROWS


def test_a_file_that_is_there_when_the_disk_is_full_waits_and_is_done_later(
    client: Client, full: Disk
) -> None:
    before = Bulk(1, 1000, "1.00", provider=new_provider())
    client.send(before.data)
    rows = Bulk(1, ROWS, "1.00", provider=new_provider())
    file_id, url = client.ask()
    assert client.put(url, rows.data) == 200

    full.fill()
    end = time.monotonic() + 6
    while time.monotonic() < end:
        full.fill()  # whatever others gave back
        file = client.get(file_id)
        assert file.status != "Failed", file.failure
        assert client.shown(before.provider) == before.sums
        time.sleep(0.2)
    full.empty()

    assert counts_of(client.ended(file_id))["inserted"] == ROWS
    assert client.shown(rows.provider) == rows.sums
    assert client.shown(before.provider) == before.sums


def test_what_cannot_be_written_down_is_a_503_and_no_fault_of_the_callers(
    client: Client, full: Disk
) -> None:
    full.fill()
    answers: list[httpx.Response] = []
    # The log of SQLite has some pages left, which are used up first.
    while len(answers) < 200 and (not answers or answers[-1].status_code == 201):
        full.fill()
        answers.append(client.http.post(UPLOAD, json=GOOD))
    full.empty()

    assert answers[-1].status_code == 503, answers[-1].text
    assert answers[-1].json()["code"] == "unavailable"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert client.http.post(UPLOAD, json=GOOD).status_code == 201


def test_killed_on_a_full_disk_it_starts_again_with_all_it_had(
    appliance: Appliance, full: Disk
) -> None:
    before = Bulk(1, 1000, "1.00", provider=new_provider())
    rows = Bulk(1, ROWS, "1.00", provider=new_provider())
    with appliance.client() as client:
        client.send(before.data)
        file_id, url = client.ask()
        assert client.put(url, rows.data) == 200
        full.fill()
        time.sleep(1)
        full.fill()
        appliance.kill()

    full.empty()
    appliance.start()

    with appliance.client() as client:
        assert counts_of(client.ended(file_id))["inserted"] == ROWS
        assert client.shown(rows.provider) == rows.sums
        assert client.shown(before.provider) == before.sums
