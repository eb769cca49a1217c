"""All SQL of mappings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select

from server.files.mapped import MappingUsed
from server.mappings.models import MappingVersion, SavedMapping
from server.mappings.schemas import parse_mapping_id
from server.unit_of_work import UnitOfWork

Saved = tuple[SavedMapping, MappingVersion]
"""A mapping and one of its versions."""


async def get_mapping(
    unit: UnitOfWork, workspace_id: str, mapping_id: UUID, version: int | None = None
) -> Saved | None:
    """Return the workspace's mapping with that version, the newest when None."""
    wanted = col(SavedMapping.version) if version is None else version
    return await _one(
        unit,
        wanted,
        col(SavedMapping.workspace_id) == workspace_id,
        col(SavedMapping.mapping_id) == mapping_id,
    )


async def list_mappings(
    unit: UnitOfWork,
    workspace_id: str,
    *,
    where: Sequence[ColumnElement[bool]] = (),
    after: UUID | None,
    limit: int,
) -> list[Saved]:
    """Return at most limit mappings with their newest versions, newest first, older than after."""
    statement = (
        select(SavedMapping, MappingVersion)
        .join(
            MappingVersion,
            (col(MappingVersion.mapping_id) == col(SavedMapping.mapping_id))
            & (col(MappingVersion.version) == col(SavedMapping.version)),
        )
        .where(
            col(SavedMapping.workspace_id) == workspace_id,
            col(SavedMapping.deleted_at).is_(None),
            *where,
        )
        .order_by(col(SavedMapping.mapping_id).desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(col(SavedMapping.mapping_id) < after)
    return list((await unit.session.exec(statement)).all())


async def find_name(unit: UnitOfWork, workspace_id: str, name: str) -> SavedMapping | None:
    """Return the workspace's mapping of that name."""
    found = await unit.session.exec(
        select(SavedMapping).where(
            col(SavedMapping.workspace_id) == workspace_id,
            col(SavedMapping.name) == name,
            col(SavedMapping.deleted_at).is_(None),
        )
    )
    return found.first()


async def read_version(unit: UnitOfWork, mapping_id: UUID, version: int) -> MappingVersion | None:
    """Return a version, of a deleted mapping too; for workers, whose files name it."""
    return await unit.session.get(MappingVersion, (mapping_id, version))


async def add_mapping(unit: UnitOfWork, mapping: SavedMapping, version: MappingVersion) -> None:
    """Write a new mapping with its first version."""
    unit.session.add(mapping)
    unit.session.add(version)
    await unit.session.flush()


async def add_version(
    unit: UnitOfWork, mapping: SavedMapping, version: MappingVersion, changes: dict[str, object]
) -> bool:
    """Write the next version; False when somebody else wrote one, or deleted it, meanwhile."""
    moved = await unit.session.exec(
        update(SavedMapping)
        .where(
            col(SavedMapping.mapping_id) == mapping.mapping_id,
            col(SavedMapping.version) == version.version - 1,
            col(SavedMapping.deleted_at).is_(None),
        )
        .values(**changes, version=version.version)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:
        return False
    unit.session.add(version)
    await unit.session.flush()
    return True


async def delete_mapping(
    unit: UnitOfWork, workspace_id: str, mapping_id: UUID, now: datetime
) -> bool:
    """Take the mapping out of use; False when there is none."""
    gone = await unit.session.exec(
        update(SavedMapping)
        .where(
            col(SavedMapping.workspace_id) == workspace_id,
            col(SavedMapping.mapping_id) == mapping_id,
            col(SavedMapping.deleted_at).is_(None),
        )
        .values(deleted_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(gone.rowcount)


class MappingDirectory:
    """Finds the mapping an upload names (`server/files/mapped.py`)."""

    async def find(
        self, unit: UnitOfWork, workspace_id: str, dataset_type: str, asked: str
    ) -> MappingUsed | None:
        """See SavedMappings."""
        mapping_id = parse_mapping_id(asked)
        if mapping_id is not None:
            saved = await get_mapping(unit, workspace_id, mapping_id)
            mapping = saved[0] if saved else None
        else:
            mapping = await find_name(unit, workspace_id, asked)
        if mapping is None or mapping.dataset_type != dataset_type:
            return None
        return MappingUsed(mapping.mapping_id, mapping.name, mapping.version)


async def _one(unit: UnitOfWork, version: object, *where: ColumnElement[bool]) -> Saved | None:
    found = await unit.session.exec(
        select(SavedMapping, MappingVersion)
        .join(MappingVersion, col(MappingVersion.mapping_id) == col(SavedMapping.mapping_id))
        .where(
            *where, col(SavedMapping.deleted_at).is_(None), col(MappingVersion.version) == version
        )
        .execution_options(populate_existing=True)
    )
    return found.first()
