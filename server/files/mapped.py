"""Which saved mapping a file is read with: fixed when its upload is asked for.

What a mapping says, and how it is saved, is `server/mappings/`' matter, which comes after this
room: here only its place is known.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from server.files.models import File
from server.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class MappingUsed:
    """One version of a mapping, as it was called when the file was asked for."""

    mapping_id: UUID
    name: str
    version: int

    def as_json(self) -> dict[str, object]:
        """Return the contract's `mapping` member."""
        return {"id": str(self.mapping_id), "name": self.name, "version": self.version}

    def as_columns(self) -> dict[str, object]:
        """Return the columns of a file's row."""
        return {
            "mapping_id": self.mapping_id,
            "mapping_name": self.name,
            "mapping_version": self.version,
        }


class SavedMappings(Protocol):
    """The mappings of all workspaces."""

    async def find(
        self, unit: UnitOfWork, workspace_id: str, dataset_type: str, asked: str
    ) -> MappingUsed | None:
        """Return the newest version of the workspace's mapping of that name or id.

        None when there is none, or it is for another dataset.
        """


def mapping_of(file: File) -> MappingUsed | None:
    """Return what the file is read with; None for a file in the dataset's own words."""
    if file.mapping_id is None or file.mapping_name is None or file.mapping_version is None:
        return None
    return MappingUsed(file.mapping_id, file.mapping_name, file.mapping_version)
