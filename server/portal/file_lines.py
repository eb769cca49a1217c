"""Turns files into the lines of lists."""

from collections.abc import Mapping
from datetime import datetime

from server.files.answers import FileAnswer
from server.insights.cells import time_text
from server.portal.dates import when
from server.portal.figures import NONE, count, size
from server.portal.parts import FileLine
from server.portal.words import chip_of, progress_of, sender_in_words


def file_line(file: FileAnswer, *, titles: Mapping[str, str], now: datetime, zone: str) -> FileLine:
    """Return the file as a line.

    Args:
        file: as callers of the API see it.
        titles: dataset type → its title.
        now: the present, aware.
        zone: IANA zone of the reader.
    """
    statistics = file.statistics
    return FileLine(
        file_id=file.id,
        href=f"/files/{file.id}",
        name=file.file.name,
        dataset=titles.get(file.dataset_type, file.dataset_type),
        sender=sender_in_words(file.created_by),
        chip=chip_of(file),
        progress=progress_of(file),
        rows=count(statistics.rows_total) if statistics else NONE,
        rejected=count(statistics.rows_rejected) if statistics else NONE,
        size=size(file.file.size_bytes),
        sent=when(file.created_at, now, zone),
        sent_at=time_text(file.created_at),
        is_final=file.status.is_final,
    )
