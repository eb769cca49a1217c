"""Writes into the audit trail what somebody did with a file."""

from datetime import datetime

from server.audit.actions import Action
from server.audit.trail import Actor, Subject, record
from server.files.models import File
from server.unit_of_work import UnitOfWork


async def tell(unit: UnitOfWork, action: Action, by: Actor, file: File, at: datetime) -> None:
    """Write one line about the file into the transaction of what it tells."""
    await record(unit, action, by=by, to=Subject("file", str(file.file_id), file.name), at=at)
