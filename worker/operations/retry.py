"""Files that failed by a fault of ours, or by one that is mended now, are judged again."""

from sqlmodel import col, select

from server.access.principal import operator_of
from server.errors import StateConflict
from server.files.failures import FAILURES, FailureCode
from server.files.lifecycle import Stage
from server.files.models import File
from server.files.service import FileService
from worker.context import Context

OURS = tuple(code for code, failure in FAILURES.items() if failure.is_ours)
"""What a file can fail of without being to blame."""


async def retry(context: Context, files: FileService, codes: tuple[FailureCode, ...]) -> int:
    """Queue again every failed file with one of the codes whose bytes are there.

    Returns:
        How many there were.
    """
    code = col(File.failure)["code"].as_string()
    async with context.units.begin() as unit:
        found = await unit.session.exec(
            select(File.workspace_id, File.file_id)
            .where(
                File.stage == str(Stage.FAILED),
                col(File.object_version).is_not(None),
                code.in_([str(one) for one in codes]),
            )
            .order_by(col(File.uploaded_at), col(File.file_id))
        )
        failed = list(found)
    count = 0
    for workspace_id, file_id in failed:
        try:
            await files.reprocess(operator_of(workspace_id), file_id)
        except StateConflict:
            # Somebody else was quicker.
            continue
        count += 1
    return count
