"""The page of API keys: which there are, what each may do, and what a new one can be for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from server.access.models import ApiKey
from server.access.scopes import Scope
from server.portal.contexts import Shell
from server.portal.counts import beginning
from server.portal.dates import moment_in_words
from server.portal.key_parts import KeyKind, KeyLine
from server.portal.navigation import tabs_for
from server.portal.parts import Chip, Tone
from server.portal.people_contexts import KeysPage
from server.portal.scope_words import scopes_in_words
from server.portal.texts import gettext as _
from server.portal.texts import marked
from server.portal.words import sender_in_words

_KINDS = (
    (
        "send",
        marked("Send files"),
        marked("Asks for uploads and reads what became of them."),
        (Scope.FILES_WRITE, Scope.FILES_READ, Scope.FILES_DOWNLOAD),
    ),
    (
        "read",
        marked("Read the numbers"),
        marked("Reads dashboards, files' results and reconciliation; changes nothing."),
        (Scope.FILES_READ, Scope.INSIGHTS_READ, Scope.RECONCILIATION_READ),
    ),
    (
        "all",
        marked("Everything"),
        marked("May do all that you may, keys and people too."),
        tuple(Scope),
    ),
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
            KeyKind(name, _(label), _(explains), " ".join(sorted(granted.intersection(scopes))))
            for name, label, explains, scopes in _KINDS
            if granted.intersection(scopes)
        ),
    )


def _line(key: ApiKey, now: datetime, zone: str) -> KeyLine:
    scopes = [Scope(scope) for scope in key.scopes]
    made = moment_in_words(key.created_at, now, zone)
    used = moment_in_words(key.last_used_at, now, zone) if key.last_used_at else _("never")
    is_expired = key.expires_at is not None and key.expires_at <= now
    return KeyLine(
        key_id=str(key.key_id),
        name=key.name,
        shown=f"tdk_{key.public_id}…{key.last4}",
        may=beginning(scopes_in_words(scopes)),
        created=_("%(when)s by %(sender)s")
        % {"when": made, "sender": sender_in_words(key.created_by)},
        last_used=used,
        expires=moment_in_words(key.expires_at, now, zone) if key.expires_at else _("never"),
        chip=_chip(key, now, zone, is_expired=is_expired),
        is_usable=key.revoked_at is None and not is_expired,
    )


def _chip(key: ApiKey, now: datetime, zone: str, *, is_expired: bool) -> Chip:
    if key.revoked_at is not None:
        since = moment_in_words(key.revoked_at, now, zone)
        return Chip(Tone.QUIET, _("Revoked %(since)s") % {"since": since})
    if is_expired:
        return Chip(Tone.QUIET, _("Expired"))
    if key.expires_at is not None and key.expires_at - now < _SOON:
        at = moment_in_words(key.expires_at, now, zone)
        return Chip(Tone.WARN, _("Expires %(at)s") % {"at": at})
    return Chip(Tone.OK, _("In use") if key.last_used_at else _("Not used yet"))
