"""Every table of the appliance in one place: what migrations are compared with."""

from sqlmodel import SQLModel

from server.access import models as _access
from server.audit import models as _audit
from server.exemptions import models as _exemptions
from server.files import models as _files
from server.mappings import models as _mappings
from server.operations import models as _operations
from server.settlements import models as _settlements

metadata = SQLModel.metadata

__all__ = ["metadata"]

_MODULES = (_access, _audit, _exemptions, _files, _mappings, _operations, _settlements)
"""Imported for their effect: a table is known once its module is."""
