"""How many rejected rows of a file have come back with files that repair it (`repairOf`)."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.unit_of_work import UnitOfWork

_VISIBLE = [str(Outcome.IMPORTED), str(Outcome.IMPORTED_WITH_REJECTIONS)]


async def count_repaired(unit: UnitOfWork, file_id: UUID | None) -> None:
    """Count anew the rows that repairs of the file have brought in; None is no file.

    Part of the transaction in which a repair becomes visible or is undone.
    """
    if file_id is None:
        return
    repair = col(File.repair_of) == file_id
    visible = [col(File.stage) == str(Stage.COMPLETED), col(File.outcome).in_(_VISIBLE)]
    brought = select(func.coalesce(func.sum(col(File.rows_imported)), 0)).where(repair, *visible)
    rows = (await unit.session.exec(brought)).scalar_one()  # type: ignore[call-overload]
    await unit.session.exec(
        update(File)
        .where(col(File.file_id) == file_id, col(File.rows_repaired) != rows)
        .values(rows_repaired=rows, version=File.version + 1)
        .execution_options(synchronize_session=False)
    )


def repaired(statistics: dict[str, object], rows_repaired: int) -> dict[str, object]:
    """Return a file's statistics with what has come back, which is no more than was rejected."""
    rejected = int(str(statistics.get("rowsRejected", 0)))
    return {**statistics, "rowsRepaired": min(rows_repaired, rejected)}
