"""What a person is in a workspace, and what that lets them do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from server.access.scopes import ALL_SCOPES, Scope


class Role(StrEnum):
    """One of the roles of a workspace; a person has exactly one in each of theirs."""

    ADMIN = "admin"
    """Everything, keys and people too."""
    EDITOR = "editor"
    """Sends files and repairs them."""
    APPROVER = "approver"
    """Sends nothing; takes imports back and reconciles: the second pair of eyes."""
    VIEWER = "viewer"
    """Reads results and dashboards."""
    AUDITOR = "auditor"
    """Reads everything, the audit trail and the rows themselves too; changes nothing."""


_VIEWER = frozenset({Scope.FILES_READ, Scope.INSIGHTS_READ, Scope.RECONCILIATION_READ})

SCOPES: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.ADMIN: ALL_SCOPES,
        Role.EDITOR: _VIEWER
        | {Scope.FILES_WRITE, Scope.FILES_DOWNLOAD, Scope.RECONCILIATION_WRITE},
        Role.APPROVER: _VIEWER
        | {Scope.FILES_DOWNLOAD, Scope.FILES_UNDO, Scope.RECONCILIATION_WRITE},
        Role.VIEWER: _VIEWER,
        Role.AUDITOR: _VIEWER | {Scope.FILES_DOWNLOAD, Scope.AUDIT_READ},
    }
)


def roles_with(scope: Scope) -> tuple[Role, ...]:
    """Return the roles that have the scope, in the order of their declaration."""
    return tuple(role for role in Role if scope in SCOPES[role])
