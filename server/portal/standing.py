"""What it means for who uses the portal when a system behind it does not answer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from server.portal.contexts import StandingFragment
from server.portal.parts import OutageLine


# Checked at run time by the router.
@runtime_checkable
class Outlook(Protocol):
    """Who knows how the systems behind the portal are."""

    def outages(self) -> tuple[str, ...]:
        """Return the names of those that do not answer, by what is known already."""


_LINES: Mapping[str, OutageLine] = MappingProxyType(
    {
        "database": OutageLine(
            "The database does not answer.",
            "What was sent is kept.",
            "No page can be opened, nothing sent and nothing changed until it is back.",
        ),
        "storage": OutageLine(
            "The file storage does not answer.",
            "Dashboards, lists and rows set aside can be read.",
            "Files cannot be sent or downloaded, and those under way wait until it is back.",
        ),
        "analytics": OutageLine(
            "The analytics do not answer.",
            "Files can be sent, and the record of each file can be read.",
            "Dashboards, rows set aside and the checking of files wait until they are back.",
        ),
        "queue": OutageLine(
            "The queue does not answer.",
            "Files can be sent, and everything can be read.",
            "Files that were sent are checked once it is back.",
        ),
    }
)


def standing_of(outages: Iterable[str]) -> StandingFragment:
    """Return what is to be told; a system that pages do not know of is passed over."""
    lines = tuple(_LINES[name] for name in outages if name in _LINES)
    # What works without one of them need not work without two.
    return StandingFragment(
        lines if len(lines) == 1 else tuple(replace(it, works="") for it in lines)
    )
