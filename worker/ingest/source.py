"""What ClickHouse reads: the pinned object, as cells of text, and all of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.analytics.zones import zone_number
from server.datasets.layout import Layout
from server.datasets.mapping import DEFAULT_ZONE
from server.datasets.provision import ZONES
from server.datasets.sql import quoted
from worker.ingest.attempt import Attempt
from worker.ingest.controls import Checked
from worker.ingest.inspect import Inspection
from worker.ingest.pinned import object_changed
from worker.ingest.place import place_of
from worker.ingest.statements import turn_statements
from worker.ingest.transcode import transcode

# What a statement says that read another object than the one that is pinned.
SIZE_DIFFERS = "size differs"


@dataclass(frozen=True)
class Source:
    """Where to read, and the parameters its judging needs. Holds a secret: never logged."""

    call: str
    """The table function and its first arguments."""
    size_bytes: int
    """Of what is read there."""
    packed: str
    """Its arguments behind format and structure, with their commas; may be empty."""
    parameters: Mapping[str, object]
    controls: tuple[Checked, ...] = ()
    """What was found to add up, or not, when it was turned into cells."""

    def cells(self, layout: Layout) -> str:
        """Return the table expression of the file's records, cut as the layout says."""
        return self._held(f"'{layout.format}', {quoted(layout.structure)}")

    @property
    def lines(self) -> str:
        """Return the same text as lines that are not cut into cells: one column, `line`."""
        return self._held("'LineAsString', 'line String'")

    @property
    def is_served(self) -> bool:
        """True when it comes over HTTP, where the engine does not know its size beforehand."""
        return self.call.startswith("url(")

    @property
    def headers(self) -> str:
        """Return a SELECT of (name, value) of the headers it is served with."""
        return (
            "SELECT lower(header.1) AS name, header.2 AS value FROM (SELECT _headers FROM"
            f" {self.call}, 'LineAsString', 'line String'{self.packed}) LIMIT 1)"
            " ARRAY JOIN CAST(_headers, 'Array(Tuple(String, String))') AS header"
        )

    def _held(self, how: str) -> str:
        table = f"{self.call}, {how}{self.packed})"
        if self.is_served:
            return table
        # Of one value in all rows, which costs nothing; over HTTP it is not known (see below).
        differs = f"throwIf(_size != {self.size_bytes}, '{SIZE_DIFFERS}')"
        return f"(SELECT *, _row_number FROM {table} WHERE {differs} = 0)"


async def source_of(attempt: Attempt, inspection: Inspection) -> Source:
    """Return what to read; text that is not UTF-8 and bank statements are turned into it first.

    Raises:
        FileFailed: encoding-error; of statements structure-error, compression-error,
            pan-detected.
        StorageUnavailable: the store did not answer.
    """
    claim, context = attempt.claim, attempt.context
    key, version, size_bytes = claim.object_key, claim.object_version, claim.size_bytes
    compression = inspection.compression or "none"
    controls: tuple[Checked, ...] = ()
    if inspection.is_statement:
        derived, controls = await turn_statements(context, claim, inspection.compression)
        key, version, size_bytes = derived.key, derived.version_id, derived.size_bytes
        compression = "none"
    elif inspection.needs_transcoding:
        derived = await transcode(context, claim, inspection.encoding)
        key, version, size_bytes = derived.key, derived.version_id, derived.size_bytes
    mapping = inspection.layout.mapping
    return Source(
        call=place_of(attempt, key, version),
        size_bytes=size_bytes,
        packed=f", '{compression}'",
        parameters={
            "zone": zone_number((mapping and mapping.zone) or DEFAULT_ZONE),
            "zones": f"{attempt.analytics.database}.{ZONES}",
        },
        controls=controls,
    )


async def check_size_served(attempt: Attempt, source: Source) -> None:
    """Refuse what was served shorter, or longer, than what is pinned.

    A response that breaks off is an error of ClickHouse's own; one that announces another length
    reads as a whole file. To compare its headers in every row would double the cost of reading.

    Raises:
        FileFailed: object-changed.
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    if not source.is_served:
        return
    found = await attempt.analytics.query(
        source.headers, settings={"log_queries": 0}, comment=attempt.comment
    )
    told = {str(name): str(value) for name, value in found.rows}
    if told.get("content-length", str(source.size_bytes)) != str(source.size_bytes):
        raise object_changed(attempt.claim)
