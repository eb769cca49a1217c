"""All SQL of operations."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import col, delete, select

from server.operations.models import Installation, Operation
from server.unit_of_work import UnitOfWork

DRAIN = "drain"
"""While it is there, workers take no file."""
BACKUP = "backup"
"""The last backup that was written whole; `at` is its recovery point."""
WORKER = "worker"
"""When some worker showed itself last."""
ANNOUNCED = "announced"
"""The last object of the doctor's that the store told a server of; `detail` has its key."""
RETENTION = "retention"
"""Noted inside a transaction that removes old history, and never seen outside of it."""


async def find_operation(unit: UnitOfWork, name: str) -> Operation | None:
    """Return what is noted under the name."""
    return await unit.session.get(Operation, name)


async def note_operation(
    unit: UnitOfWork, name: str, at: datetime, detail: Mapping[str, object] | None = None
) -> None:
    """Note the operation, in place of what was noted under its name before."""
    await unit.session.merge(Operation(name=name, at=at, detail=dict(detail or {})))


async def end_operation(unit: UnitOfWork, name: str) -> bool:
    """Forget the operation; return whether it was noted."""
    ended = await unit.session.exec(delete(Operation).where(col(Operation.name) == name))
    return bool(ended.rowcount)


async def is_draining(unit: UnitOfWork) -> bool:
    """Return whether workers are to take no file."""
    found = await unit.session.exec(select(Operation.name).where(Operation.name == DRAIN))
    return found.first() is not None


async def newest_installation(unit: UnitOfWork) -> Installation | None:
    """Return the version this database was brought to last."""
    found = await unit.session.exec(
        select(Installation).order_by(col(Installation.at).desc()).limit(1)
    )
    return found.first()


async def note_installation(unit: UnitOfWork, version: str, revision: str, at: datetime) -> None:
    """Note that this version runs from now on."""
    await unit.session.merge(Installation(version=version, revision=revision, at=at))
