"""What callers can do with mappings: save, read, replace, delete.

Comes between `controller.py` and `repository.py`; what can be saved says `admission.py`, and a
trial is in `trial.py`. Every method is one transaction, and nothing a file names is ever changed:
replacing makes a new version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from server.access.principal import Principal
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.header import fingerprint
from server.errors import NotFound, StateConflict
from server.files.ids import new_id
from server.mappings.admission import Admission
from server.mappings.models import MappingVersion, SavedMapping
from server.mappings.repository import (
    Saved,
    add_mapping,
    add_version,
    delete_mapping,
    find_name,
    get_mapping,
    list_mappings,
)
from server.mappings.rules import uncovered
from server.mappings.schemas import (
    MappingAnswer,
    MappingRequest,
    document_of,
    parse_mapping_id,
)
from server.unit_of_work import UnitOfWork, UnitsOfWork

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Query:
    """Which mappings to list; None leaves a filter out."""

    dataset_type: str | None = None
    header: str | None = None
    """A fingerprint (`server.datasets.header.fingerprint`): the ones made for that header."""
    after: UUID | None = None
    size: int = 50


class MappingService:
    """The mappings of all workspaces."""

    def __init__(
        self, *, units: UnitsOfWork, catalogue: Catalogue, admission: Admission, clock: Clock
    ) -> None:
        self._units = units
        self._catalogue = catalogue
        self._admission = admission
        self._clock = clock

    async def page(self, workspace_id: str, query: Query) -> tuple[list[MappingAnswer], bool]:
        """Return the mappings, newest first, and whether more follow."""
        where: list[ColumnElement[bool]] = []
        if query.dataset_type is not None:
            where.append(col(SavedMapping.dataset_type) == query.dataset_type)
        if query.header is not None:
            where.append(col(SavedMapping.header_fingerprint) == query.header.lower())
        async with self._units.begin() as unit:
            found = await list_mappings(
                unit, workspace_id, where=where, after=query.after, limit=query.size + 1
            )
        return [self._answer(saved) for saved in found[: query.size]], len(found) > query.size

    async def get(
        self, workspace_id: str, mapping_id: str, version: int | None = None
    ) -> MappingAnswer:
        """Return the mapping, its newest version unless told otherwise.

        Raises:
            NotFound: the workspace has no such mapping, or no such version of it.
        """
        async with self._units.begin() as unit:
            return self._answer(await _get(unit, workspace_id, mapping_id, version))

    async def request_of(self, workspace_id: str, mapping_id: str) -> MappingRequest:
        """Return what the newest version of the mapping says.

        Raises:
            NotFound: the workspace has no such mapping.
        """
        async with self._units.begin() as unit:
            _, version = await _get(unit, workspace_id, mapping_id)
        return document_of(version.document)

    async def create(self, principal: Principal, asked: MappingRequest) -> MappingAnswer:
        """Save a mapping as its first version.

        Raises:
            Malformed: every fault of it.
            UnknownDataset: no dataset of that name.
            StateConflict: the workspace has one of that name.
            AnalyticsUnavailable: its texts could not be judged.
        """
        await self._admission.check(asked)
        mapping = SavedMapping(
            mapping_id=new_id(),
            workspace_id=principal.workspace_id,
            name=asked.name,
            dataset_type=asked.dataset_type,
            version=1,
            header_fingerprint=fingerprint(asked.labels),
            created_by=principal.name,
            created_at=self._clock(),
        )
        version = self._version(principal, mapping, asked, 1)
        async with self._units.begin() as unit:
            if await find_name(unit, principal.workspace_id, asked.name) is not None:
                raise _taken(asked.name)
            try:
                await add_mapping(unit, mapping, version)
            except IntegrityError as fault:
                raise _taken(asked.name) from fault
            await self._tell(unit, Action.MAPPING_SAVED, principal, mapping)
        logger.info("mapping.created", mapping_id=str(mapping.mapping_id))
        return self._answer((mapping, version))

    async def replace(
        self, principal: Principal, mapping_id: str, asked: MappingRequest
    ) -> MappingAnswer:
        """Save the mapping's next version; the same once more changes nothing.

        Raises:
            NotFound: the workspace has no such mapping.
            Malformed: every fault of it, or another dataset than before.
            StateConflict: another mapping has that name, or somebody replaced it meanwhile.
            AnalyticsUnavailable: its texts could not be judged.
        """
        async with self._units.begin() as unit:
            saved = await _get(unit, principal.workspace_id, mapping_id)
        mapping, newest = saved
        if document_of(newest.document) == asked:
            return self._answer(saved)
        await self._admission.check(asked, mapping.dataset_type)
        version = self._version(principal, mapping, asked, mapping.version + 1)
        changes: dict[str, object] = {
            "name": asked.name,
            "header_fingerprint": fingerprint(asked.labels),
        }
        async with self._units.begin() as unit:
            other = await find_name(unit, principal.workspace_id, asked.name)
            if other is not None and other.mapping_id != mapping.mapping_id:
                raise _taken(asked.name)
            try:
                is_next = await add_version(unit, mapping, version, changes)
            except IntegrityError as fault:
                raise _taken(asked.name) from fault
            if not is_next:
                detail = "Somebody else changed the mapping at the same time: read it again."
                raise StateConflict(detail)
            saved = await _get(unit, principal.workspace_id, mapping_id)
            changed = {"before": mapping.version, "after": version.version}
            await self._tell(unit, Action.MAPPING_REPLACED, principal, saved[0], changed)
        logger.info("mapping.replaced", mapping_id=mapping_id, version=version.version)
        return self._answer(saved)

    async def delete(self, principal: Principal, mapping_id: str) -> None:
        """Take the mapping out of use; the records of files that were read with it stay.

        Raises:
            NotFound: the workspace has no such mapping.
        """
        parsed = parse_mapping_id(mapping_id)
        async with self._units.begin() as unit:
            mapping, _ = await _get(unit, principal.workspace_id, mapping_id)
            if parsed is None or not await delete_mapping(
                unit, principal.workspace_id, parsed, self._clock()
            ):
                raise _missing()
            await self._tell(unit, Action.MAPPING_DELETED, principal, mapping)
        logger.info("mapping.deleted", mapping_id=mapping_id)

    async def _tell(
        self,
        unit: UnitOfWork,
        action: Action,
        by: Principal,
        mapping: SavedMapping,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        subject = Subject("mapping", str(mapping.mapping_id), mapping.name)
        await record(unit, action, by=by, to=subject, at=self._clock(), detail=detail)

    def _version(
        self, principal: Principal, mapping: SavedMapping, asked: MappingRequest, number: int
    ) -> MappingVersion:
        return MappingVersion(
            mapping_id=mapping.mapping_id,
            version=number,
            document=asked.model_dump(by_alias=True, mode="json"),
            created_by=principal.name,
            created_at=self._clock(),
        )

    def _answer(self, saved: Saved) -> MappingAnswer:
        mapping, version = saved
        said = document_of(version.document)
        dataset = self._catalogue.get(mapping.dataset_type)
        return MappingAnswer(
            id=str(mapping.mapping_id),
            version=version.version,
            header_fingerprint=fingerprint(said.labels),
            warnings=uncovered(said, dataset) if dataset else [],
            created_by=mapping.created_by,
            created_at=mapping.created_at,
            updated_by=version.created_by,
            updated_at=version.created_at,
            **said.model_dump(),
        )


async def _get(
    unit: UnitOfWork, workspace_id: str, mapping_id: str, version: int | None = None
) -> Saved:
    parsed = parse_mapping_id(mapping_id)
    saved = await get_mapping(unit, workspace_id, parsed, version) if parsed else None
    if saved is None:
        raise _missing()
    return saved


def _missing() -> NotFound:
    return NotFound("There is no such mapping in this workspace.")


def _taken(name: str) -> StateConflict:
    return StateConflict(f"There is a mapping {name!r} in this workspace already.")
