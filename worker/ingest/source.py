"""What ClickHouse reads: the pinned object, by a signed URL, as cells of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.analytics.zones import zone_number
from server.datasets.provision import ZONES
from server.datasets.sql import quoted
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.transcode import transcode

# Of local times whose row names no zone; a mapping will be able to say another.
_DEFAULT_ZONE = "UTC"


@dataclass(frozen=True)
class Source:
    """A table expression, and the parameters its judging needs. Holds a secret: never logged."""

    table: str
    lines: str
    """The same text as lines that are not cut into cells: one column, `line`."""
    parameters: Mapping[str, object]


async def source_of(attempt: Attempt, inspection: Inspection) -> Source:
    """Return what to read; text that is not UTF-8 is turned into it first.

    Raises:
        FileFailed: encoding-error.
        StorageUnavailable: the store did not answer.
    """
    claim, context = attempt.claim, attempt.context
    key, version = claim.object_key, claim.object_version
    if inspection.needs_transcoding:
        derived = await transcode(context, claim, inspection.encoding)
        key, version = derived.key, derived.version_id
    # `url()` on a presigned GET with the version in it, never `s3()`: its HEAD drops the version,
    # and a later PUT would cut the pinned file.
    url = context.storage.presign_get(
        key,
        version_id=version,
        expires_in=timedelta(seconds=context.settings.job_timeout_seconds),
        public=False,
    )
    layout = inspection.layout
    packed = inspection.compression or "none"
    return Source(
        table=f"url({quoted(url)}, '{layout.format}', {quoted(layout.structure)}, '{packed}')",
        lines=f"url({quoted(url)}, 'LineAsString', 'line String', '{packed}')",
        parameters={
            "zone": zone_number(_DEFAULT_ZONE),
            "zones": f"{attempt.analytics.database}.{ZONES}",
        },
    )
