"""Every metric of the appliance: name, labels, unit. Shown at `/metrics`, set where things happen.

Labels are closed sets only: a route's template, a status, a stage, an outcome. The gauges about
files are set by `worker/maintenance/`, which also knows their label values.
"""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

HTTP_REQUESTS = Counter(
    "tallydock_http_requests_total",
    "Requests answered, by method, route template and status",
    ["method", "route", "status"],
    registry=REGISTRY,
)
HTTP_SECONDS = Histogram(
    "tallydock_http_request_seconds",
    "Time from the first byte of a request to the last of its answer (s)",
    ["method", "route"],
    registry=REGISTRY,
    # The bar for an upload ticket is milliseconds; a dashboard may take seconds.
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
FILES = Gauge(
    "tallydock_files",
    "Files that are not at their end, and ended ones of the last day, by status and stage",
    ["status", "stage"],
    registry=REGISTRY,
)
OLDEST_FILE_SECONDS = Gauge(
    "tallydock_oldest_file_seconds",
    "Age of the file that has waited longest in a stage (s)",
    ["stage"],
    registry=REGISTRY,
)
FILES_ENDED = Counter(
    "tallydock_files_ended_total",
    "Files that came to their end, by outcome",
    ["outcome"],
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "tallydock_ingest_stage_seconds",
    "Time one stage of an ingest took (s)",
    ["stage"],
    registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 10800),
)
INGEST_RETRIES = Counter(
    "tallydock_ingest_retries_total",
    "Attempts that ended with a fault of ours and will be made again, by failure code",
    ["code"],
    registry=REGISTRY,
)
SWEEP_FOUND = Counter(
    "tallydock_sweep_found_total",
    "Work that the sweep found and nobody had told of: arrived, expired or abandoned files",
    ["kind"],
    registry=REGISTRY,
)
RECONCILED = Counter(
    "tallydock_reconciled_total",
    "Things that dead workers or outages left behind and that were put right, by kind",
    ["kind"],
    registry=REGISTRY,
)
for _kind in (
    *("table", "rows", "derived", "object-without-row", "row-without-object", "multipart"),
    *("session", "idempotent-answer"),
):
    RECONCILED.labels(kind=_kind)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text form."""
    return generate_latest(REGISTRY)
