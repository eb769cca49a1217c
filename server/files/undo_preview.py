"""What an undo would change, before it is asked for: read by the portal's question."""

from dataclasses import dataclass

from sqlmodel import col, select

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.files.identical import list_duplicates
from server.files.models import File
from server.reports.consequence import Consequence, undo_consequence
from server.unit_of_work import UnitsOfWork


@dataclass(frozen=True)
class UndoPreview:
    """What would leave and come back, and who would take the file's place."""

    consequence: Consequence
    heir: str | None
    """Name of an identical later file, whose rows would stand in for this one's."""


async def preview_undo(
    units: UnitsOfWork, analytics: Analytics, dataset: Dataset, file: File
) -> UndoPreview:
    """Return what undoing the file would change now.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    async with units.begin() as unit:
        found = await unit.session.exec(
            select(File.file_id, File.published_attempt).where(
                File.workspace_id == file.workspace_id,
                File.dataset_type == file.dataset_type,
                File.file_id != file.file_id,
                col(File.published_attempt).is_not(None),
            )
        )
        others = [(file_id, attempt) for file_id, attempt in found if attempt is not None]
        heirs = await list_duplicates(unit, file.file_id)
    consequence = await undo_consequence(
        analytics,
        dataset,
        workspace_id=file.workspace_id,
        file_id=file.file_id,
        others=others,
    )
    return UndoPreview(consequence, heirs[0].name if heirs else None)
