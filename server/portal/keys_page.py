"""The page of API keys: which there are, what each may do, and what a new one can be for."""

from collections.abc import Sequence
from datetime import datetime

from server.access.models import ApiKey
from server.access.scopes import ALL_SCOPES, Scope
from server.portal.contexts import KeysPage, Shell
from server.portal.figures import moment_in_words
from server.portal.key_parts import KeyKind, KeyLine
from server.portal.parts import Chip, Tone
from server.portal.words import sender_in_words

_KINDS = (
    (
        "send",
        "Send files",
        "Asks for uploads and reads what became of them.",
        (Scope.FILES_WRITE, Scope.FILES_READ, Scope.FILES_DOWNLOAD),
    ),
    (
        "read",
        "Read the numbers",
        "Reads dashboards, files' results and reconciliation; changes nothing.",
        (Scope.FILES_READ, Scope.INSIGHTS_READ, Scope.RECONCILIATION_READ),
    ),
    ("all", "Everything", "May do all that you may, keys and people too.", tuple(Scope)),
)

_SCOPES = {
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


def keys_page(
    shell: Shell, keys: Sequence[ApiKey], *, granted: frozenset[Scope], now: datetime
) -> KeysPage:
    """Return the page.

    Args:
        shell: the frame.
        keys: newest first, revoked ones too.
        granted: what the reader has, and so can hand on.
        now: the present, aware.
    """
    return KeysPage(
        shell=shell,
        keys=tuple(_line(key, now, shell.zone) for key in keys),
        kinds=tuple(
            KeyKind(name, label, explains, " ".join(sorted(granted.intersection(scopes))))
            for name, label, explains, scopes in _KINDS
            if granted.intersection(scopes)
        ),
    )


def _line(key: ApiKey, now: datetime, zone: str) -> KeyLine:
    scopes = [Scope(scope) for scope in key.scopes]
    may = ", ".join(words for scope, words in _SCOPES.items() if scope in scopes)
    made = moment_in_words(key.created_at, now, zone)
    used = moment_in_words(key.last_used_at, now, zone) if key.last_used_at else "never"
    is_expired = key.expires_at is not None and key.expires_at <= now
    if key.revoked_at is not None:
        chip = Chip(Tone.QUIET, f"Revoked {moment_in_words(key.revoked_at, now, zone)}")
    elif is_expired:
        chip = Chip(Tone.QUIET, "Expired")
    else:
        chip = Chip(Tone.OK, "In use" if key.last_used_at else "Not used yet")
    return KeyLine(
        key_id=str(key.key_id),
        name=key.name,
        shown=f"tdk_{key.public_id}…{key.last4}",
        may="Everything" if ALL_SCOPES.issubset(scopes) else may.capitalize(),
        scopes=" ".join(sorted(scopes)),
        created=f"{made} by {sender_in_words(key.created_by)}",
        last_used=used,
        chip=chip,
        is_usable=key.revoked_at is None and not is_expired,
    )
