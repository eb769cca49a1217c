"""How long a file of 1 000 rows takes from the answer to its PUT until it is Completed.

Seen by a client of the public API that asks every 10 ms, over a whole appliance in a process of its
own; on the embedded store, and on a real MinIO where there is one.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import httpx
import pytest

from server.access.first_run import FILE_NAME
from server.datasets.catalogue import Catalogue
from server.datasets.movements import Window
from server.datasets.sample import sample_csv
from tests.bench.report import Measure
from tests.fixtures.appliance import running_appliance
from tests.fixtures.on_minio import appliance_on_minio

_ROWS = 1000
_POLL_SECONDS = 0.01
_PATIENCE_SECONDS = 60
_BAR = "median ≤ 1 s, p95 ≤ 2 s"
_YEAR = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def measure(folder: Path, *, files: int, warm_up: int) -> tuple[list[Measure], list[str]]:
    """Return the milliseconds on each store, and what was skipped.

    Args:
        folder: where the appliances keep their data.
        files: how many are measured, one after the other.
        warm_up: how many are sent before.
    """
    measures, skipped = [], []
    embedded = folder / "embedded"
    embedded.mkdir()
    with running_appliance(embedded) as environment:
        path = Path(environment["TALLYDOCK_HOME"], FILE_NAME)
        measures.append(_measured("embedded store", path, files, warm_up))
    on_minio = folder / "on-minio"
    on_minio.mkdir()
    try:
        with appliance_on_minio(on_minio) as path:
            measures.append(_measured("MinIO with events", path, files, warm_up))
    except pytest.skip.Exception as reason:
        skipped.append(f"latency on MinIO: {reason}")
    return measures, skipped


def _measured(store: str, first_run: Path, files: int, warm_up: int) -> Measure:
    facts = json.loads(first_run.read_text())
    headers = {"authorization": f"Bearer {facts['apiKey']}"}
    taken, queued = [], []
    with httpx.Client(base_url=facts["url"], headers=headers, trust_env=False) as client:
        for number in range(warm_up + files):
            milliseconds, record = _send(client, number)
            if number >= warm_up:
                taken.append(milliseconds)
                queued.append(1000 * record["statistics"]["durations"]["queuedSeconds"])
    return Measure(
        part="latency",
        case=f"{store}, {_ROWS:,} rows",
        unit="ms",
        ours=taken,
        bar=_BAR,
        note=f"of it until a worker took the file, by the record: {median(queued):.0f} ms",
        detail={"queuedMilliseconds": queued, "pollMilliseconds": 1000 * _POLL_SECONDS},
    )


def _send(
    client: httpx.Client, number: int
) -> tuple[float, dict[str, dict[str, dict[str, float]]]]:
    dataset = Catalogue.built_in().get("transactions")
    assert dataset is not None
    text = "".join(sample_csv(dataset, rows=_ROWS, seed=number, window=_YEAR))
    body = {"datasetType": dataset.name, "file": {"name": f"{number}.csv", "type": "csv"}}
    ticket = client.post("/analytics/files/upload", json=body).raise_for_status().json()
    # The signature is the authorization; a store refuses two.
    httpx.put(ticket["uploadUrl"], content=text, trust_env=False).raise_for_status()
    began = time.perf_counter()
    while time.perf_counter() - began < _PATIENCE_SECONDS:
        record = client.get(f"/analytics/files/{ticket['id']}").raise_for_status().json()
        if record["status"] in ("Completed", "Failed"):
            taken = 1000 * (time.perf_counter() - began)
            assert record["status"] == "Completed", record["failure"]
            assert record["statistics"]["rowsInserted"] == _ROWS, record["statistics"]
            return taken, record
        time.sleep(_POLL_SECONDS)
    message = f"file {number} is not Completed after {_PATIENCE_SECONDS} s"
    raise TimeoutError(message)
