"""What a key or a user may be allowed to do."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission within one workspace. None of them implies another."""

    FILES_WRITE = "files:write"
    FILES_READ = "files:read"
    FILES_DOWNLOAD = "files:download"
    FILES_UNDO = "files:undo"
    INSIGHTS_READ = "insights:read"
    RECONCILIATION_READ = "reconciliation:read"
    RECONCILIATION_WRITE = "reconciliation:write"
    AUDIT_READ = "audit:read"
    ADMIN = "admin"
    """Manage keys and users of the workspace."""


ALL_SCOPES = frozenset(Scope)
