"""The page of API keys: which there are, what each may do, and what a new one can be for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.access.models import ApiKey
from server.access.scopes import Scope
from server.portal.contexts import Shell
from server.portal.dates import moment_in_words
from server.portal.key_parts import KeyKind, KeyLine
from server.portal.navigation import tabs_for
from server.portal.parts import Chip, Tone
from server.portal.people_contexts import KeysPage
from server.portal.scope_words import scopes_in_words
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

# Time to rotate a key without haste.
_SOON = timedelta(days=14)


def keys_page(
    shell: Shell,
    keys: Sequence[ApiKey],
    *,
    granted: frozenset[Scope],
    now: datetime,
    next_href: str | None = None,
) -> KeysPage:
    """Return the page.

    Args:
        shell: the frame.
        keys: newest first, revoked ones too.
        granted: what the reader has, and so can hand on.
        now: the present, aware.
        next_href: where the list goes on.
    """
    return KeysPage(
        shell=shell,
        tabs=tabs_for(granted, "keys"),
        next_href=next_href,
        keys=tuple(_line(key, now, shell.zone) for key in keys),
        kinds=tuple(
            KeyKind(name, label, explains, " ".join(sorted(granted.intersection(scopes))))
            for name, label, explains, scopes in _KINDS
            if granted.intersection(scopes)
        ),
    )


def _line(key: ApiKey, now: datetime, zone: str) -> KeyLine:
    scopes = [Scope(scope) for scope in key.scopes]
    made = moment_in_words(key.created_at, now, zone)
    used = moment_in_words(key.last_used_at, now, zone) if key.last_used_at else "never"
    is_expired = key.expires_at is not None and key.expires_at <= now
    if key.revoked_at is not None:
        chip = Chip(Tone.QUIET, f"Revoked {moment_in_words(key.revoked_at, now, zone)}")
    elif is_expired:
        chip = Chip(Tone.QUIET, "Expired")
    elif key.expires_at is not None and key.expires_at - now < _SOON:
        chip = Chip(Tone.WARN, f"Expires {moment_in_words(key.expires_at, now, zone)}")
    else:
        chip = Chip(Tone.OK, "In use" if key.last_used_at else "Not used yet")
    return KeyLine(
        key_id=str(key.key_id),
        name=key.name,
        shown=f"tdk_{key.public_id}…{key.last4}",
        may=scopes_in_words(scopes).capitalize(),
        created=f"{made} by {sender_in_words(key.created_by)}",
        last_used=used,
        expires=moment_in_words(key.expires_at, now, zone) if key.expires_at else "never",
        chip=chip,
        is_usable=key.revoked_at is None and not is_expired,
    )
