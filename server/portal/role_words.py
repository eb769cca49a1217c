"""The roles in words: what each is called, and what somebody in it may do."""

from server.access.roles import Role, roles_with
from server.access.scopes import Scope
from server.portal.counts import either
from server.portal.texts import Words

ROLES = Words(
    {
        Role.ADMIN: "Admin",
        Role.EDITOR: "Editor",
        Role.APPROVER: "Approver",
        Role.VIEWER: "Viewer",
        Role.AUDITOR: "Auditor",
    }
)

IN_A_SENTENCE = Words(
    {
        Role.ADMIN: "admin",
        Role.EDITOR: "editor",
        Role.APPROVER: "approver",
        Role.VIEWER: "viewer",
        Role.AUDITOR: "auditor",
    }
)
"""The same within a sentence: which letters are small then is for the language to say."""

MAY = Words(
    {
        Role.ADMIN: "Everything, with keys, people and audit.",
        Role.EDITOR: "Sends files, downloads and repairs rows, reconciles.",
        Role.APPROVER: "Undoes imports and reconciles, but sends nothing.",
        Role.VIEWER: "Reads results and dashboards.",
        Role.AUDITOR: "Reads everything, with rows and the audit trail.",
    }
)
"""What somebody in the role may do."""

ONE = Words(
    {
        Role.ADMIN: "an admin",
        Role.EDITOR: "an editor",
        Role.APPROVER: "an approver",
        Role.VIEWER: "a viewer",
        Role.AUDITOR: "an auditor",
    }
)
"""Somebody in the role."""


def who_may(scope: Scope) -> str:
    """Return the roles that have the scope: `an admin or an editor`."""
    return either([ONE[role] for role in roles_with(scope)])
