"""The page of people: who belongs to the workspace, who is invited, what each may do."""

from collections.abc import Sequence
from datetime import datetime

from server.access.invitations import is_open
from server.access.models import Invitation, Workspace
from server.access.people_repository import Person
from server.access.roles import Role
from server.access.scopes import Scope
from server.portal.contexts import Shell
from server.portal.counts import counted
from server.portal.dates import moment_in_words
from server.portal.figures import count
from server.portal.navigation import tabs_for
from server.portal.parts import Chip, Tone
from server.portal.people_contexts import PeoplePage
from server.portal.people_parts import InvitationLine, PersonLine, RoleKind
from server.portal.role_words import MAY, ROLES
from server.portal.texts import gettext as _
from server.portal.words import sender_in_words


def people_page(
    shell: Shell,
    people: Sequence[Person],
    invitations: Sequence[Invitation],
    workspace: Workspace,
    *,
    scopes: frozenset[Scope],
    now: datetime,
    next_href: str | None = None,
) -> PeoplePage:
    """Return the page.

    Args:
        shell: the frame; its user is the reader.
        people: one page of them, the newest user first.
        invitations: the newest ones, whatever became of them.
        workspace: the workspace itself.
        scopes: of the reader.
        now: the present, aware.
        next_href: where the list of people goes on.
    """
    lines = tuple(_person(person, shell, now) for person in people)
    own = [line for line in lines if line.is_self]
    having = sum(line.has_second_factor for line in lines)
    return PeoplePage(
        shell=shell,
        tabs=tabs_for(scopes, "people"),
        people=lines,
        next_href=next_href,
        invitations=tuple(
            _invitation(row, shell.zone, now) for row in invitations if row.joined_at is None
        ),
        roles=tuple(RoleKind(str(role), name, MAY[role]) for role, name in ROLES.items()),
        workspace=workspace.name,
        requires_second_factor=workspace.requires_totp,
        second_factor_note=having_one(having, len(lines)),
        may_require=workspace.requires_totp or any(line.has_second_factor for line in own),
    )


def _person(person: Person, shell: Shell, now: datetime) -> PersonLine:
    user, membership = person.user, person.membership
    seen = person.last_seen_at
    return PersonLine(
        user_id=str(user.user_id),
        name=user.name or user.email,
        email=user.email if user.name else "",
        called=user.name or user.email,
        role=membership.role,
        role_words=ROLES[Role(membership.role)],
        chip=_state(person, shell, now),
        second_factor=_("On") if user.totp_since else _("Off"),
        has_second_factor=user.totp_since is not None,
        is_disabled=membership.disabled_at is not None,
        is_locked=_locked_until(person, now) is not None,
        is_self=user.email == shell.user,
        last_seen=moment_in_words(seen, now, shell.zone) if seen else _("not signed in"),
    )


def _state(person: Person, shell: Shell, now: datetime) -> Chip:
    out, lock = person.membership.disabled_at, _locked_until(person, now)
    if out is not None:
        since = moment_in_words(out, now, shell.zone)
        return Chip(Tone.QUIET, _("Kept out since %(since)s") % {"since": since})
    if lock is not None:
        until = moment_in_words(lock, now, shell.zone)
        return Chip(Tone.WARN, _("Locked until %(until)s") % {"until": until})
    return Chip(Tone.OK, _("May sign in"))


def _locked_until(person: Person, now: datetime) -> datetime | None:
    """Return when the lock ends; None for who is kept out anyway, and where there is no lock."""
    until = person.locked_until
    is_locked = until is not None and until > now and person.membership.disabled_at is None
    return until if is_locked else None


def having_one(having: int, of: int) -> str:
    """Return how many of so many people have a second factor, as a sentence."""
    if having == of:
        return counted("The only person here has one.", "All %(number)s people here have one.", of)
    if not having:
        return counted(
            "The only person here has none.", "None of the %(number)s people here has one.", of
        )
    return counted(
        "%(number)s of %(people)s people here has one.",
        "%(number)s of %(people)s people here have one.",
        having,
        people=count(of),
    )


def _invitation(row: Invitation, zone: str, now: datetime) -> InvitationLine:
    if row.withdrawn_at is not None:
        chip = Chip(Tone.QUIET, _("Taken back"))
    elif row.expires_at <= now:
        chip = Chip(Tone.QUIET, _("Too old"))
    else:
        until = moment_in_words(row.expires_at, now, zone)
        chip = Chip(Tone.INFO, _("Good until %(until)s") % {"until": until})
    made = moment_in_words(row.created_at, now, zone)
    return InvitationLine(
        invitation_id=str(row.invitation_id),
        email=row.email,
        role_words=ROLES[Role(row.role)],
        chip=chip,
        made=_("%(when)s by %(sender)s")
        % {"when": made, "sender": sender_in_words(row.created_by)},
        is_open=is_open(row, now),
    )
