"""Finds every key of a file of JSON lines: each line names its own columns, and may bring new ones.

Comes after `inspect.py`, which sees the first lines only, and before `load.py`: a key that is not
known before the rows are read would be passed over, with whatever stands in it. One cheap pass
inside ClickHouse; a file that was seen whole needs none.
"""

from dataclasses import replace

from server.datasets.layout import read_settings
from server.errors import QueryRejected
from server.files.failures import FailureCode, FileFailed
from server.files.framing import check_header, lay_out_records
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection
from worker.ingest.source import source_of
from worker.ingest.unpacking import beside

# More is no table; and every key is a column of the statement.
_MOST_KEYS = 1000


async def with_all_keys(attempt: Attempt, inspection: Inspection) -> Inspection:
    """Return the inspection, told of the keys that the first lines did not have.

    Raises:
        FileFailed: structure-error, and what the header of another file fails for.
        AnalyticsUnavailable, StorageUnavailable: an outside system's fault.
    """
    layout = inspection.layout
    if layout.format != "JSONEachRow" or inspection.is_whole:
        return inspection
    found = await beside(
        attempt.context, attempt.claim, inspection.compression, _keys(attempt, inspection)
    )
    more = sorted(found - set(inspection.alignment.labels))
    if not more:
        return inspection
    labels = [*inspection.alignment.labels, *more]
    if len(labels) > _MOST_KEYS:
        detail = f"The records have more than {_MOST_KEYS} different keys."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail)
    told, alignment = lay_out_records(attempt.dataset, layout.format, labels, layout.mapping)
    check_header(attempt.dataset, alignment)
    return replace(inspection, layout=told, alignment=alignment)


async def _keys(attempt: Attempt, inspection: Inspection) -> set[str]:
    source = await source_of(attempt, inspection)
    try:
        found = await attempt.analytics.query(
            f"SELECT groupUniqArrayArray({_MOST_KEYS + 1})(JSONExtractKeys(line)) AS keys"
            f" FROM {source.lines}",
            settings=read_settings(inspection.layout, await attempt.analytics.cores()),
            comment=attempt.comment,
        )
    except QueryRejected:
        return set()  # the load meets the same fault, and tells it
    keys = found.one()["keys"]
    return {str(key) for key in keys} if isinstance(keys, list) else set()
