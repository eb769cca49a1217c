"""The mapping that a file is read with: the version that stands in its record."""

from server.datasets.mapping import Mapping
from server.files.mapped import MappingUsed
from server.mappings.repository import read_version
from server.mappings.schemas import document_of
from server.unit_of_work import UnitsOfWork


async def mapping_used(units: UnitsOfWork, used: MappingUsed | None) -> Mapping | None:
    """Return what the version says; None for a file in its dataset's own words.

    Raises:
        LookupError: it is not there, which cannot be: versions are never deleted.
    """
    if used is None:
        return None
    async with units.begin() as unit:
        version = await read_version(unit, used.mapping_id, used.version)
    if version is None:
        message = f"version {used.version} of mapping {used.mapping_id} is gone"
        raise LookupError(message)
    return document_of(version.document).as_mapping()
