"""The pages there are, and which of them somebody may open."""

from dataclasses import dataclass

from server.access.scopes import Scope
from server.portal.parts import Choice


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation; `place` also names its icon."""

    place: str
    href: str
    label: str
    needs: Scope | None = None


_PAGES = (
    Entry("overview", "/", "Overview", Scope.INSIGHTS_READ),
    Entry("files", "/files", "Files", Scope.FILES_READ),
    Entry("datasets", "/datasets", "Datasets", Scope.FILES_READ),
    Entry("settings", "/settings", "Settings"),
    Entry("api", "/schema", "API"),
)

_TABS = (
    Entry("keys", "/settings", "Keys", Scope.ADMIN),
    Entry("people", "/settings/people", "People", Scope.ADMIN),
    Entry("audit", "/settings/audit", "Audit", Scope.AUDIT_READ),
    Entry("profile", "/settings/profile", "Profile"),
)


def navigation_for(scopes: frozenset[Scope]) -> tuple[Entry, ...]:
    """Return the pages that somebody with these scopes may open."""
    return tuple(entry for entry in _PAGES if _may(entry, scopes))


def tabs_for(scopes: frozenset[Scope], chosen: str) -> tuple[Choice, ...]:
    """Return the tabs of the settings that somebody with these scopes may open."""
    return tuple(
        Choice(entry.label, entry.href, entry.place == chosen)
        for entry in _TABS
        if _may(entry, scopes)
    )


def first_setting(scopes: frozenset[Scope]) -> str:
    """Return the address of the first tab of the settings that may be opened."""
    return next(entry.href for entry in _TABS if _may(entry, scopes))


def _may(entry: Entry, scopes: frozenset[Scope]) -> bool:
    return entry.needs is None or entry.needs in scopes
