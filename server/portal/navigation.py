"""The pages there are, and which of them somebody may open."""

from dataclasses import dataclass, replace

from server.access.scopes import Scope
from server.portal.parts import Choice
from server.portal.texts import gettext as _
from server.portal.texts import marked


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation; `place` also names its icon."""

    place: str
    href: str
    label: str
    needs: Scope | None = None


_PAGES = (
    Entry("overview", "/", marked("Overview"), Scope.INSIGHTS_READ),
    Entry("files", "/files", marked("Files"), Scope.FILES_READ),
    Entry("datasets", "/datasets", marked("Datasets"), Scope.FILES_READ),
    Entry("settings", "/settings", marked("Settings")),
    Entry("api", "/schema", marked("API")),
)

_TABS = (
    Entry("keys", "/settings", marked("Keys"), Scope.ADMIN),
    Entry("people", "/settings/people", marked("People"), Scope.ADMIN),
    Entry("audit", "/settings/audit", marked("Audit"), Scope.AUDIT_READ),
    Entry("profile", "/settings/profile", marked("Profile")),
)


def navigation_for(scopes: frozenset[Scope]) -> tuple[Entry, ...]:
    """Return the pages that somebody with these scopes may open."""
    return tuple(replace(entry, label=_(entry.label)) for entry in _PAGES if _may(entry, scopes))


def tabs_for(scopes: frozenset[Scope], chosen: str) -> tuple[Choice, ...]:
    """Return the tabs of the settings that somebody with these scopes may open."""
    return tuple(
        Choice(_(entry.label), entry.href, entry.place == chosen)
        for entry in _TABS
        if _may(entry, scopes)
    )


def first_setting(scopes: frozenset[Scope]) -> str:
    """Return the address of the first tab of the settings that may be opened."""
    return next(entry.href for entry in _TABS if _may(entry, scopes))


def _may(entry: Entry, scopes: frozenset[Scope]) -> bool:
    return entry.needs is None or entry.needs in scopes
