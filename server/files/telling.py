"""What a file's changes say to the log and the metrics, once they are durable.

Every line of a file's history is a line of the log too, with the file's id, so that one id is
followed from the request through server and worker. Comes right after `repository.py` wrote.
"""

from collections.abc import Mapping
from uuid import UUID

import structlog

from server.files.models import File
from server.telemetry.metrics import BYTES_JUDGED, FILES_ENDED, ROWS_JUDGED

logger = structlog.get_logger(__name__)

_RESULTS = ("imported", "rejected", "duplicate", "withheld")


def tell_request(file_id: UUID, dataset_type: str, actor: str) -> None:
    """Log that an upload was asked for: the line that joins the request's id and the file's."""
    logger.info("upload.requested", file_id=str(file_id), dataset_type=dataset_type, actor=actor)


def tell_change(event: Mapping[str, object]) -> None:
    """Log a line of a file's history, as it was written to the database."""
    logger.info(
        str(event["cause"]),
        file_id=str(event["file_id"]),
        actor=event["actor"],
        stage_before=event["stage_before"],
        stage_after=event["stage_after"],
        detail=event["detail"],
    )


def tell_ending(file: File, values: Mapping[str, object]) -> None:
    """Count a file that came to its end, and what was judged of it.

    Args:
        file: the row as it is then.
        values: the columns that were set; statistics are counted when they are among them.
    """
    FILES_ENDED.labels(outcome=values["outcome"]).inc()
    statistics = values.get("statistics")
    if not isinstance(statistics, Mapping):
        return
    for result in _RESULTS:
        count = int(str(statistics.get(f"rows{result.capitalize()}") or 0))
        ROWS_JUDGED.labels(result=result).inc(count)
    BYTES_JUDGED.inc(file.size_bytes or 0)
