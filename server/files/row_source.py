"""Where the rows of a file that were set aside or warned of are kept."""

from server.datasets.declaration import Dataset
from server.files.models import File
from server.reports.rows import RowSource


def row_source(file: File, dataset: Dataset | None) -> RowSource | None:
    """Return where the file's rows are; None before they were judged, and after they were removed.

    Args:
        file: the record.
        dataset: the file's; None when it is not declared any more.
    """
    if file.judged_attempt is None or file.rows_removed_at is not None or dataset is None:
        return None
    return RowSource(
        workspace_id=file.workspace_id,
        file_id=file.file_id,
        attempt=file.judged_attempt,
        dataset=dataset,
        labels=tuple(file.labels or ()),
    )
