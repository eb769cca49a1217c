"""Tells whose rejected rows a file brings back: our own report, repaired and sent again.

The report (`server/reports/rows.py`) names its file in every row; who sends it need not say so. It
has that file's own labels and words, so it is read with that file's mapping.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from server.datasets.header import REPORT_LABELS
from server.files.claims import Claim
from server.files.framing import DELIMITERS
from server.files.mapped import MappingUsed, mapping_of
from server.files.repository import find_file
from worker.context import Context


@dataclass(frozen=True)
class Repair:
    """What a file repairs, and the mapping it is read with."""

    repair_of: UUID | None = None
    mapping: MappingUsed | None = None


def reported_file(text: str) -> UUID | None:
    """Return the file that the first row says it is a rejected row of.

    Args:
        text: the beginning of the file.
    """
    if REPORT_LABELS[0] not in text:
        return None
    for delimiter in DELIMITERS:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            found = _named_file(records)
        except (csv.Error, ValueError):
            # A report that somebody made into something else: a file like any other.
            continue
        if found is not None:
            return found
    return None


async def repair_of(context: Context, claim: Claim, text: str) -> Repair:
    """Return what the file repairs, if there is such a file, and how it is read.

    Args:
        context: the database.
        claim: whose workspace and dataset it has to be of; what its request said comes first.
        text: the beginning of the file.
    """
    reported = reported_file(text)
    if claim.repair_of is not None or reported is None:
        return Repair(claim.repair_of, claim.mapping)
    async with context.units.begin() as unit:
        file = await find_file(unit, reported)
    if file is None or file.file_id == claim.file_id:
        return Repair(None, claim.mapping)
    if (file.workspace_id, file.dataset_type) != (claim.workspace_id, claim.dataset_type):
        return Repair(None, claim.mapping)
    return Repair(reported, claim.mapping or mapping_of(file))


def _named_file(records: Iterable[list[str]]) -> UUID | None:
    labels: list[str] | None = None
    for record in records:
        if labels is not None and len(record) == len(labels):
            return UUID(record[labels.index(REPORT_LABELS[0])].strip())
        if labels is None and any(cell.strip() for cell in record):
            labels = [label.strip() for label in record]
            if not {*REPORT_LABELS} <= {*labels}:
                return None
    return None
