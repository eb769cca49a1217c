"""What a key may do, in words."""

from collections.abc import Iterable

from server.access.scopes import ALL_SCOPES, Scope
from server.portal.counts import listed
from server.portal.texts import Words
from server.portal.texts import gettext as _

_WORDS = Words(
    {
        Scope.FILES_WRITE: "send files",
        Scope.FILES_READ: "read results",
        Scope.FILES_DOWNLOAD: "download rows and originals",
        Scope.FILES_UNDO: "undo imports",
        Scope.INSIGHTS_READ: "read dashboards",
        Scope.RECONCILIATION_READ: "read reconciliation",
        Scope.RECONCILIATION_WRITE: "reconcile",
        Scope.AUDIT_READ: "read the audit trail",
        Scope.ADMIN: "manage keys and people",
    }
)


def scopes_in_words(scopes: Iterable[Scope]) -> str:
    """Return what the scopes allow: `send files, read results`, or `everything`."""
    given = frozenset(scopes)
    if given >= ALL_SCOPES:
        return _("everything")
    return listed(words for scope, words in _WORDS.items() if scope in given)
