"""What it means for who uses the portal when a system behind it does not answer."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from server.portal.contexts import StandingFragment
from server.portal.parts import OutageLine
from server.portal.texts import gettext as _
from server.portal.texts import marked


# Checked at run time by the router.
@runtime_checkable
class Outlook(Protocol):
    """Who knows how the systems behind the portal are."""

    def outages(self) -> tuple[str, ...]:
        """Return the names of those that do not answer, by what is known already."""


_LINES: Mapping[str, OutageLine] = MappingProxyType(
    {
        "database": OutageLine(
            marked("The database does not answer."),
            marked("What was sent is kept."),
            marked("No page can be opened, nothing sent and nothing changed until it is back."),
        ),
        "storage": OutageLine(
            marked("The file storage does not answer."),
            marked("Dashboards, lists and rows set aside can be read."),
            marked(
                "Files cannot be sent or downloaded, and those under way wait until it is back."
            ),
        ),
        "analytics": OutageLine(
            marked("The analytics do not answer."),
            marked("Files can be sent, and the record of each file can be read."),
            marked(
                "Dashboards, rows set aside and the checking of files wait until they are back."
            ),
        ),
        "queue": OutageLine(
            marked("The queue does not answer."),
            marked("Files can be sent, and everything can be read."),
            marked("Files that were sent are checked once it is back."),
        ),
    }
)


def standing_of(outages: Iterable[str]) -> StandingFragment:
    """Return what is to be told; a system that pages do not know of is passed over."""
    known = [_LINES[name] for name in outages if name in _LINES]
    is_only = len(known) == 1
    return StandingFragment(
        tuple(
            # What works without one of them need not work without two.
            OutageLine(_(it.title), _(it.works) if is_only else "", _(it.waits))
            for it in known
        )
    )
