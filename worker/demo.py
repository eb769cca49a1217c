"""`make demo`: sends months of made-up data, as any client would, so the dashboards have something.

It knows the appliance by its public API only: asks for an upload URL, PUTs the file, follows it to
its end. The same command sends the same rows, so a second run adds only the days since the first.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
import httpx

from server.access.first_run import FILE_NAME
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.movements import Window
from server.datasets.sample import rows_of, sample_rows
from server.datasets.template import csv_text, template_csv
from server.settings import Settings

# What a merchant's systems would send every month → of how many movements one is told there: few
# payments are disputed, and a payout is of many. Provider reports are left out, as they would tell
# of the money of `settlements` once more.
_DATASETS: Final = {
    "transactions": 1,
    "orders": 1,
    "payments": 1,
    "settlements": 1,
    "disputes": 80,
    "payouts": 80,
}
_POLL_SECONDS: Final = 0.1
# Far longer than a month of made-up rows takes: then something is wrong that waiting does not cure.
_PATIENCE_SECONDS: Final = 300
_BATCH_ROWS: Final = 500


class DemoStopped(Exception):
    """The demo cannot go on; the text says why, for a person."""


@dataclass(frozen=True)
class Month:
    """One file to send: a dataset's movements of a calendar month."""

    dataset: Dataset
    window: Window
    every: int = 1
    """Of how many rows one is written."""

    @property
    def name(self) -> str:
        """Return the file's name."""
        return f"demo_{self.dataset.name}_{self.window.begins:%Y-%m}.csv"

    def write(self, path: Path, *, movement_count: int, now: datetime) -> None:
        """Write the file; nothing in it lies ahead of now."""
        # The year and month as seed: keys of two months differ, and stay the same tomorrow.
        rows = sample_rows(
            self.dataset,
            rows=rows_of(self.dataset, movement_count),
            seed=int(f"{self.window.begins:%Y%m}"),
            window=self.window,
            until=now,
        )
        rows = islice(rows, 0, None, self.every)
        batch: list[list[str]] = []
        with path.open("w") as file:
            file.write(template_csv(self.dataset))
            for row in rows:
                batch.append(row)
                if len(batch) == _BATCH_ROWS:
                    file.write(csv_text(batch))
                    batch.clear()
            file.write(csv_text(batch))


def months(count: int, now: datetime) -> Iterator[Window]:
    """Yield the calendar months that end with the present one, the oldest first."""
    present = now.year * 12 + now.month - 1
    for number in range(present - count + 1, present + 1):
        yield Window(_first_of(number), _first_of(number + 1))


def files_of(window: Window) -> list[Month]:
    """Return the files of a month."""
    catalogue = Catalogue.built_in()
    return [
        Month(dataset, window, every)
        for name, every in _DATASETS.items()
        if (dataset := catalogue.get(name)) is not None
    ]


def _first_of(number: int) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


class Client:
    """A client of the public API."""

    def __init__(self, url: str, key: str) -> None:
        # A proxy for the outside would not find this machine's own ports.
        is_here = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(timeout=60, trust_env=not is_here)
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {key}"}

    def send(self, name: str, dataset_type: str, path: Path) -> str:
        """Send a file and return its id.

        Raises:
            DemoStopped: the appliance does not answer, or refuses.
        """
        body: dict[str, object] = {
            "datasetType": dataset_type,
            "file": {"name": name, "type": "csv"},
        }
        try:
            ticket = self._call("POST", "/analytics/files/upload", body)
            with path.open("rb") as file:
                put = self._http.put(str(ticket["uploadUrl"]), content=file)
            if not put.is_success:
                message = f"The storage answered {put.status_code} to the PUT of {name}."
                raise DemoStopped(message)
            return str(ticket["id"])
        except httpx.TransportError as fault:
            message = f"No appliance answers at {self._url}. Start it with `make up` first."
            raise DemoStopped(message) from fault

    def ended(self, file_id: str, name: str) -> dict[str, object]:
        """Return the record of a file that was sent, at its end.

        Raises:
            DemoStopped: the appliance refuses, or the file is never done.
        """
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            record = self._call("GET", f"/analytics/files/{file_id}")
            if record["status"] in ("Completed", "Failed"):
                return record
            time.sleep(_POLL_SECONDS)
        message = f"{name} is not done after {_PATIENCE_SECONDS} s."
        raise DemoStopped(message)

    def _call(
        self, method: str, path: str, body: dict[str, object] | None = None
    ) -> dict[str, object]:
        answer = self._http.request(method, self._url + path, json=body, headers=self._headers)
        try:
            told: dict[str, object] = answer.json()
        except ValueError:
            told = {}
        if not answer.is_success:
            detail = told.get("detail", "")
            message = f"{self._url} answered {answer.status_code} to {method} {path}. {detail}"
            raise DemoStopped(message.strip())
        return told


@click.command()
@click.option("--url", help="Address of the appliance; default: the one of first-run.json.")
@click.option("--key", help="API key; default: the one of first-run.json.")
@click.option("--months", "month_count", default=6, show_default=True, type=click.IntRange(1, 60))
@click.option(
    "--movements",
    default=4000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Captures and refunds a month.",
)
def main(url: str | None, key: str | None, month_count: int, movements: int) -> None:
    """Send months of a made-up merchant's files to a running appliance."""
    now = datetime.now(UTC)
    sets = [files_of(window) for window in months(month_count, now)]
    try:
        address, secret = (url, key) if url and key else _first_run(url, key)
        client = Client(address, secret)
        loaded = sum(_send_all(client, sets, movements, now))
    except DemoStopped as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    click.echo(f"{loaded:,} rows are on your dashboards: {address.rstrip('/')}/")


def _send_all(
    client: Client, sets: list[list[Month]], movement_count: int, now: datetime
) -> Iterator[int]:
    """Send one month after the other; yields the rows that each file brought in.

    A month's files are all sent before the first is waited for: the appliance takes several at a
    time, and one file of each dataset.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tallydock-demo-") as folder,
        click.progressbar(
            length=sum(map(len, sets)),
            label="Sending",
            item_show_func=lambda name: name or "",
            show_pos=True,
        ) as shown,
    ):
        path = Path(folder, "month.csv")
        for files in sets:
            sent: list[tuple[str, str]] = []
            for month in files:
                month.write(path, movement_count=movement_count, now=now)
                sent.append((client.send(month.name, month.dataset.name, path), month.name))
            for file_id, name in sent:
                yield _rows_imported(client.ended(file_id, name), name)
                shown.update(1, name)


def _rows_imported(record: dict[str, object], name: str) -> int:
    failure, statistics = record.get("failure"), record.get("statistics")
    if isinstance(failure, dict):
        message = f"{name} failed: {failure.get('title')}. {failure.get('detail')}"
        raise DemoStopped(message)
    if not isinstance(statistics, dict):
        return 0
    # A duplicate brings nothing in, but its rows are there all the same.
    return int(statistics["rowsImported"]) + int(statistics["rowsDuplicate"])


def _first_run(url: str | None, key: str | None) -> tuple[str, str]:
    path = Settings().home / FILE_NAME
    try:
        facts: dict[str, str] = json.loads(path.read_text())
        return url or facts["url"], key or facts["apiKey"]
    except (OSError, ValueError, KeyError) as fault:
        message = (
            f"{path} does not tell address and key. Start the appliance with `make up` first, "
            "or say --url and --key."
        )
        raise DemoStopped(message) from fault


if __name__ == "__main__":
    main()
