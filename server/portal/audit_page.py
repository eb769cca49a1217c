"""The page of the audit trail: lines in words, filters, and where it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from server.access.scopes import Scope
from server.audit.models import AuditEvent
from server.audit.trail import AuditQuery
from server.files.answers import page_path
from server.insights.cells import time_text
from server.portal.audit_words import KINDS, action_in_words, detail_in_words
from server.portal.contexts import Shell
from server.portal.counts import beginning
from server.portal.dates import moment_in_words
from server.portal.navigation import tabs_for
from server.portal.parts import Option
from server.portal.people_contexts import AuditPage
from server.portal.people_parts import AuditLine
from server.portal.texts import Words
from server.portal.texts import gettext as _
from server.portal.words import sender_in_words

SIZE = 50
_PATH = "/settings/audit"
_DAYS = Words(
    {
        "": "Any time",
        "1": "Today",
        "7": "Last 7 days",
        "30": "Last 30 days",
        "90": "Last 90 days",
    }
)


@dataclass(frozen=True)
class AuditFilters:
    """What the reader chose; nonsense is as good as nothing."""

    actor: str
    kind: str
    days: str
    after: UUID | None

    @property
    def is_any(self) -> bool:
        """Return whether anything is chosen."""
        return bool(self.actor or self.kind or self.days)

    def query(self, now: datetime, zone: str) -> AuditQuery:
        """Return the question, one line more than a page shows."""
        from_at = None
        if self.days:
            today = now.astimezone(ZoneInfo(zone)).date()
            first = today - timedelta(days=int(self.days) - 1)
            from_at = datetime.combine(first, time.min, tzinfo=ZoneInfo(zone))
        return AuditQuery(
            actor=self.actor, action=self.kind, from_at=from_at, after=self.after, size=SIZE + 1
        )


def read_filters(
    *, actor: str, kind: str, days: str, after: str, actors: Sequence[str]
) -> AuditFilters:
    """Return the filters out of what the address says."""
    return AuditFilters(
        actor=actor if actor in actors else "",
        kind=kind if kind in KINDS else "",
        days=days if days in _DAYS else "",
        after=_id(after),
    )


def audit_page(
    shell: Shell,
    events: Sequence[AuditEvent],
    filters: AuditFilters,
    *,
    actors: Sequence[str],
    scopes: frozenset[Scope],
    now: datetime,
) -> AuditPage:
    """Return the page.

    Args:
        shell: the frame.
        events: the lines that fit, newest first; one more than a page shows when it goes on.
        filters: what was asked for.
        actors: who has a line in the trail.
        scopes: of the reader.
        now: the present, aware.
    """
    shown = events[:SIZE]
    next_href = None
    if len(events) > SIZE:
        chosen = [("who", filters.actor), ("what", filters.kind), ("days", filters.days)]
        asked = [(name, text) for name, text in chosen if text]
        next_href = page_path(_PATH, [*asked, ("after", str(shown[-1].event_id))])
    return AuditPage(
        shell=shell,
        tabs=tabs_for(scopes, "audit"),
        lines=tuple(_line(event, shell.zone, now) for event in shown),
        actor_filter=(
            Option("", _("Everybody"), not filters.actor),
            *(Option(it, sender_in_words(it), it == filters.actor) for it in actors),
        ),
        kind_filter=_options(KINDS, filters.kind),
        days_filter=_options(_DAYS, filters.days),
        is_filtered=filters.is_any,
        next_href=next_href,
    )


def _line(event: AuditEvent, zone: str, now: datetime) -> AuditLine:
    told = moment_in_words(event.at, now, zone, with_seconds=True)
    is_own = event.subject_kind == "user" and event.subject_id == event.actor_id
    return AuditLine(
        at=beginning(told),
        at_iso=time_text(event.at),
        who=sender_in_words(event.actor),
        address=event.address,
        what=action_in_words(event.action),
        code=event.action,
        subject="" if is_own else event.subject,
        href=f"/files/{event.subject_id}" if event.subject_kind == "file" else "",
        detail=detail_in_words(event.detail),
    )


def _options(words: Mapping[str, str], chosen: str) -> tuple[Option, ...]:
    return tuple(Option(value, label, value == chosen) for value, label in words.items())


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
