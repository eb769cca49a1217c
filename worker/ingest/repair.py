"""Tells whose rejected rows a file brings back: our own report, repaired and sent again.

The report (`server/reports/rows.py`) names its file in every row; who sends it need not say so.
"""

import csv
import io
from uuid import UUID

from server.datasets.header import REPORT_LABELS
from server.datasets.layout import Layout
from server.files.claims import Claim
from server.files.repository import find_file
from worker.context import Context


def reported_file(text: str, layout: Layout) -> UUID | None:
    """Return the file that the first row says it is a rejected row of.

    Args:
        text: the beginning of the file.
        layout: how it is cut into cells.
    """
    labels = [label.strip() for label in layout.labels]
    if not layout.is_report:
        return None
    records = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter or ",")
    try:
        for place, record in enumerate(records):
            if place > layout.header_place and len(record) == len(labels):
                return UUID(record[labels.index(REPORT_LABELS[0])].strip())
    except (csv.Error, ValueError):
        # A report that somebody made into something else: a file like any other.
        return None
    return None


async def repaired_file(context: Context, claim: Claim, reported: UUID | None) -> UUID | None:
    """Return the file whose rejected rows this one brings back, if there is such a file.

    Args:
        context: the database.
        claim: whose workspace and dataset it has to be of; what its request said comes first.
        reported: the file that the rows name.
    """
    if claim.repair_of is not None or reported is None:
        return claim.repair_of
    async with context.units.begin() as unit:
        file = await find_file(unit, reported)
    if file is None or file.file_id == claim.file_id:
        return None
    is_ours = (file.workspace_id, file.dataset_type) == (claim.workspace_id, claim.dataset_type)
    return reported if is_ours else None
