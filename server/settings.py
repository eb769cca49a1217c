"""Every setting of the appliance: name, meaning, unit, default and the default's reason.

Read from the environment (`TALLYDOCK_<NAME>`) or, so that no secret stands there, from files
(`/run/secrets/tallydock_<name>`); once, by the composition root; nothing reads them at import time.
The README's table is generated from here and held by a test.
"""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

# 5 GiB: what the contract promises for a single PUT.
MAX_UPLOAD_BYTES = 5 * 2**30
# Where containers find their secrets.
SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """The appliance's settings; see each field's description."""

    # An empty value is none: `TALLYDOCK_UNDO_DAYS=` in .env means the default, and stops nothing.
    model_config = SettingsConfigDict(
        env_prefix="TALLYDOCK_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, the strongest first."""
        if SECRETS.is_dir():
            file_secret_settings = SecretsSettingsSource(settings_cls, secrets_dir=SECRETS)
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    home: Path = Field(
        Path("data"),
        description="Folder that holds everything the embedded appliance keeps, and first-run.json",
    )
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on")
    port: int = Field(8080, ge=1, le=65535, description="Port the HTTP server listens on")
    public_url: str = Field(
        "",
        description="Address users reach the portal and the API at; empty: http://HOST:PORT",
    )

    database_url: str = Field(
        "",
        description="SQLAlchemy URL of PostgreSQL or SQLite; `make up` sets it to a file in HOME",
    )
    valkey_url: str = Field(
        "", description="URL of Valkey or Redis; `make up` starts one of its own"
    )
    clickhouse_dsn: SecretStr = Field(
        SecretStr(""),
        description="DSN of ClickHouse for clickhouse-connect; `make up` uses chDB in HOME",
    )
    clickhouse_database: str = Field(
        "tallydock", description="Database (Atomic) that holds all our tables"
    )
    storage_internal_url: str = Field(
        "", description="Address at which server, worker and ClickHouse reach object storage"
    )
    storage_public_url: str = Field(
        "", description="Address presigned URLs are signed for; empty: the public URL"
    )
    storage_bucket: str = Field("tallydock", description="Bucket that holds the files as sent")
    storage_region: str = Field("us-east-1", description="Region that URLs are signed for")
    storage_access_key: SecretStr = Field(SecretStr(""), description="Access key of the store")
    storage_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the store")
    storage_event_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that the store's event webhook must present; empty: refused",
    )

    datasets_dir: str = Field(
        "",
        description="Folder of datasets of your own, one YAML file each, read at start;"
        " empty: only those that are built in",
    )

    upload_expires_seconds: int = Field(
        3600, ge=1, le=604_800, description="Life of an upload URL (s)"
    )
    upload_grace_seconds: int = Field(
        6 * 3600,
        ge=0,
        description="How long after expiry a slow PUT may still end before a file is given up (s)",
    )
    max_upload_bytes: int = Field(
        MAX_UPLOAD_BYTES, ge=1, description="Largest file that is taken (bytes)"
    )
    max_pending_files: int = Field(
        1000, ge=1, description="Pending files a workspace may have at once"
    )
    max_bytes_per_day: int = Field(
        2**40,
        ge=1,
        description="Bytes a workspace may send a day, from midnight UTC; a size that is not"
        " announced counts once it has arrived (bytes)",
    )
    requests_per_second: int = Field(500, ge=1, description="Requests a key may make a second")
    idempotency_hours: int = Field(24, ge=1, description="Life of an idempotency key (h)")

    job_timeout_seconds: int = Field(
        3 * 3600, ge=1, description="Longest a file may be worked on in one attempt (s)"
    )
    lease_seconds: int = Field(
        30,
        ge=2,
        description="A worker that has not renewed its lease for this long has lost its file (s)",
    )
    max_attempts: int = Field(
        12, ge=1, description="Attempts at a file before our own fault is given up on"
    )
    max_outages: int = Field(
        1000,
        ge=1,
        description="Attempts at a file that find ClickHouse or the storage away, one every five"
        " minutes, before it is given up on; about three days",
    )
    retry_base_seconds: float = Field(
        2.0, gt=0, description="First wait before a retry; doubles, with jitter, to 5 minutes (s)"
    )
    sweep_seconds: float = Field(
        5.0, gt=0, description="Pause between two rounds of the sweep that finds lost work (s)"
    )
    reconcile_seconds: float = Field(
        300.0,
        gt=0,
        description="Pause between two rounds that put right what dead workers left behind (s)",
    )
    jobs_at_once: int = Field(2, ge=1, description="Files one worker works on at once")
    large_file_bytes: int = Field(
        256 * 2**20, ge=1, description="A file above this is a large one (bytes)"
    )
    large_jobs_at_once: int = Field(
        1, ge=1, description="Large files among those a worker works on at once"
    )
    jobs_per_workspace: int = Field(
        4, ge=1, description="Files of one workspace that all workers work on at once"
    )
    originals_days: int = Field(
        0, ge=0, description="How long the bytes of ended files are kept; 0: for ever (days)"
    )
    undo_days: int = Field(
        0, ge=0, description="How long after its end a file can be undone; 0: always (days)"
    )
    history_days: int = Field(
        0,
        ge=0,
        description="How long the lines of an ended file's history are kept; 0: for ever (days)",
    )
    max_record_bytes: int = Field(
        2**20, ge=1024, description="Longest record of a file before it is refused (bytes)"
    )
    max_decompressed_bytes: int = Field(
        50 * 2**30, ge=1, description="Most bytes a compressed file may unpack to (bytes)"
    )
    max_compression_ratio: int = Field(
        200, ge=2, description="Most a compressed file may unpack to, as a multiple of its size"
    )
    rejected_rows_days: int = Field(
        90,
        ge=1,
        description="How long rejected and warned rows are kept with their cells (days)",
    )
    query_memory_bytes: int = Field(
        4 * 2**30, ge=2**28, description="Memory ClickHouse may use for one statement (bytes)"
    )
    query_threads: int = Field(
        0, ge=0, description="Threads ClickHouse may use for one statement; 0: as many as cores"
    )
    query_seconds: int = Field(60, ge=1, description="Longest a dashboard query may run (s)")

    admin_email: str = Field(
        "admin@tallydock.local", description="E-mail of the first administrator"
    )
    session_hours: int = Field(12, ge=1, description="Life of a portal session (h)")
    session_idle_minutes: int = Field(
        120,  # Shorter would end a working day's session at lunch.
        ge=1,
        description="A browser left alone for this long is signed out (min)",
    )
    sealing_key: SecretStr = Field(
        SecretStr(""),
        description=(
            "Seals the secrets of second factors in the database; empty: no second factors. "
            "`make up` keeps one in HOME; without the same one, second factors must be reset"
        ),
    )
    log_format: str = Field("json", pattern="^(json|console)$", description="json or console")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for /metrics; empty: only loopback clients are answered",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="Port at which `python -m worker` shows its own /metrics; 0: nowhere",
    )

    @property
    def base_url(self) -> str:
        """Return the public address without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
