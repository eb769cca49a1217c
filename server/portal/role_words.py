"""The roles in words: what each is called, and what somebody in it may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from server.access.roles import Role, roles_with
from server.access.scopes import Scope


@dataclass(frozen=True)
class RoleWords:
    """A role for people."""

    name: str
    one: str
    """With its article: `an editor`."""
    may: str


ROLES: Mapping[Role, RoleWords] = MappingProxyType(
    {
        Role.ADMIN: RoleWords("Admin", "an admin", "Everything, with keys, people and audit."),
        Role.EDITOR: RoleWords(
            "Editor", "an editor", "Sends files, downloads and repairs rows, reconciles."
        ),
        Role.APPROVER: RoleWords(
            "Approver", "an approver", "Undoes imports and reconciles, but sends nothing."
        ),
        Role.VIEWER: RoleWords("Viewer", "a viewer", "Reads results and dashboards."),
        Role.AUDITOR: RoleWords(
            "Auditor", "an auditor", "Reads everything, with rows and the audit trail."
        ),
    }
)


def who_may(scope: Scope) -> str:
    """Return the roles that have the scope: `an admin or an editor`."""
    names = [ROLES[role].one for role in roles_with(scope)]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
