"""What ClickHouse reads: the pinned object, as cells of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.analytics.zones import zone_number
from server.datasets.layout import Layout
from server.datasets.mapping import DEFAULT_ZONE
from server.datasets.provision import ZONES
from server.datasets.sql import quoted
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.statements import turn_statements
from worker.ingest.transcode import transcode


@dataclass(frozen=True)
class Source:
    """Where to read, and the parameters its judging needs. Holds a secret: never logged."""

    call: str
    """The table function and its first arguments."""
    packed: str
    """Its arguments behind format and structure, with their commas; may be empty."""
    parameters: Mapping[str, object]

    def cells(self, layout: Layout) -> str:
        """Return the table expression of the file's records, cut as the layout says."""
        return f"{self.call}, '{layout.format}', {quoted(layout.structure)}{self.packed})"

    @property
    def lines(self) -> str:
        """Return the same text as lines that are not cut into cells: one column, `line`."""
        return f"{self.call}, 'LineAsString', 'line String'{self.packed})"


async def source_of(attempt: Attempt, inspection: Inspection) -> Source:
    """Return what to read; text that is not UTF-8 and bank statements are turned into it first.

    Raises:
        FileFailed: encoding-error; of statements structure-error, control-total-mismatch,
            compression-error, pan-detected.
        StorageUnavailable: the store did not answer.
    """
    claim, context = attempt.claim, attempt.context
    key, version = claim.object_key, claim.object_version
    compression = inspection.compression or "none"
    if inspection.is_statement:
        derived = await turn_statements(context, claim, inspection.compression)
        key, version, compression = derived.key, derived.version_id, "none"
    elif inspection.needs_transcoding:
        derived = await transcode(context, claim, inspection.encoding)
        key, version = derived.key, derived.version_id
    place = context.originals.place(
        key, version, expires_in=timedelta(seconds=context.settings.job_timeout_seconds)
    )
    mapping = inspection.layout.mapping
    return Source(
        call=f"{place.function}({quoted(place.address)}",
        packed=f", '{compression}'",
        parameters={
            "zone": zone_number((mapping and mapping.zone) or DEFAULT_ZONE),
            "zones": f"{attempt.analytics.database}.{ZONES}",
        },
    )
