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

from server.version import VERSION

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
QUEUED_FILES = Gauge(
    "tallydock_queued_files",
    "Files that wait for a worker, by size (small or large)",
    ["size"],
    registry=REGISTRY,
)
QUEUE_AGE_SECONDS = Gauge(
    "tallydock_queue_age_seconds",
    "How long ago the oldest file that waits for a worker arrived, by size; reprocesses aside (s)",
    ["size"],
    registry=REGISTRY,
)
UPLOADS_REFUSED = Counter(
    "tallydock_uploads_refused_total",
    "Uploads refused because a workspace is over a limit, by limit",
    ["limit"],
    registry=REGISTRY,
)
for _limit in ("pendingFiles", "bytesPerDay"):
    UPLOADS_REFUSED.labels(limit=_limit)
FILES_ENDED = Counter(
    "tallydock_files_ended_total",
    "Files that came to their end, by outcome",
    ["outcome"],
    registry=REGISTRY,
)
for _outcome in (
    *("imported", "imported_with_rejections", "duplicate", "dry_run", "undone"),
    *("failed", "never_uploaded", "cancelled"),
):
    FILES_ENDED.labels(outcome=_outcome)
ROWS_JUDGED = Counter(
    "tallydock_rows_total",
    "Rows of files that came to their end, by what became of them",
    ["result"],
    registry=REGISTRY,
)
for _result in ("imported", "rejected", "duplicate", "withheld"):
    ROWS_JUDGED.labels(result=_result)
BYTES_JUDGED = Counter(
    "tallydock_judged_bytes_total",
    "Bytes, as sent, of files that were judged to their end",
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "tallydock_ingest_stage_seconds",
    "Time one stage of an ingest took (s)",
    ["stage"],
    registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 10800),
)
for _stage in ("inspect", "load", "publish"):
    STAGE_SECONDS.labels(stage=_stage)
STATEMENT_SECONDS = Histogram(
    "tallydock_clickhouse_statement_seconds",
    "Time one statement took in ClickHouse, with the way there and back, by kind (s)",
    ["kind"],
    registry=REGISTRY,
    buckets=(0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
for _kind in ("query", "command", "insert", "other"):
    STATEMENT_SECONDS.labels(kind=_kind)
DEPENDENCY_UP = Gauge(
    "tallydock_dependency_up",
    "Whether an outside system answered when it was last asked",
    ["dependency"],
    registry=REGISTRY,
)
DEPENDENCY_OUTAGES = Counter(
    "tallydock_dependency_outages_total",
    "How often an outside system began to give no answer",
    ["dependency"],
    registry=REGISTRY,
)
for _dependency in ("database", "queue", "storage", "analytics"):
    DEPENDENCY_OUTAGES.labels(dependency=_dependency)
CLOCK_AHEAD_SECONDS = Gauge(
    "tallydock_clock_ahead_seconds",
    "How far a worker's clock is ahead of the database's (negative: behind); leases go by it",
    registry=REGISTRY,
)
DISK_FREE_BYTES = Gauge(
    "tallydock_disk_free_bytes",
    "Room that is left on a disk of ClickHouse's",
    ["disk"],
    registry=REGISTRY,
)
DISK_TOTAL_BYTES = Gauge(
    "tallydock_disk_total_bytes",
    "Size of a disk of ClickHouse's",
    ["disk"],
    registry=REGISTRY,
)
LAST_BACKUP = Gauge(
    "tallydock_last_backup_timestamp_seconds",
    "Recovery point of the last backup that is whole, in seconds since 1970; 0: there is none",
    registry=REGISTRY,
)
BUILD_INFO = Gauge(
    "tallydock_build_info",
    "Always 1; the label says which version this process is",
    ["version"],
    registry=REGISTRY,
)
BUILD_INFO.labels(version=VERSION).set(1)
INGEST_RETRIES = Counter(
    "tallydock_ingest_retries_total",
    "Attempts that ended with a fault of ours and will be made again, by failure code",
    ["code"],
    registry=REGISTRY,
)
for _code in ("storage-unavailable", "analytics-unavailable", "internal"):
    INGEST_RETRIES.labels(code=_code)
SWEEP_FOUND = Counter(
    "tallydock_sweep_found_total",
    "Work that the sweep found and nobody had told of: arrived, expired, abandoned, refused files",
    ["kind"],
    registry=REGISTRY,
)
for _kind in ("arrived", "expired", "abandoned", "refused"):
    SWEEP_FOUND.labels(kind=_kind)
RECONCILED = Counter(
    "tallydock_reconciled_total",
    "Things that dead workers or outages left behind and that were put right, by kind",
    ["kind"],
    registry=REGISTRY,
)
for _kind in (
    *("table", "rows", "derived", "object-without-row", "row-without-object", "multipart"),
    *("session", "idempotent-answer", "original", "history", "settlement-source"),
    *("lost-rows", "probe"),
):
    RECONCILED.labels(kind=_kind)
STEPS_FAILED = Counter(
    "tallydock_steps_failed_total",
    "Steps of a worker's rounds (sweep, reconcile, vitals) that failed and come again next round",
    ["round", "step"],
    registry=REGISTRY,
)
ROWS_REMOVED = Counter(
    "tallydock_reported_rows_removed_total",
    "Rows set aside or warned about that were removed when their time was over",
    registry=REGISTRY,
)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text form."""
    return generate_latest(REGISTRY)
