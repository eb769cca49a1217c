"""Who reads a page: the session, and the zone in which days and times are printed."""

from litestar import Request
from litestar.datastructures import State

from server.access.principal import session_of
from server.datasets.catalogue import Catalogue
from server.errors import Unauthenticated
from server.insights.question import is_known_zone
from server.portal.contexts import Shell

ZONE_COOKIE = "tallydock_zone"
"""Set by `theme.js` to the browser's zone; anybody may set it, so it is checked."""

PageRequest = Request[object, object, State]


def zone_of(request: PageRequest) -> str:
    """Return the reader's zone; UTC until the browser has told its own."""
    told = request.cookies.get(ZONE_COOKIE, "").replace("%2F", "/")
    return told if is_known_zone(told) else "UTC"


def shell_of(request: PageRequest, *, title: str, place: str) -> Shell:
    """Return the frame of a page for who is signed in.

    Raises:
        Unauthenticated: nobody is.
    """
    session = session_of(request)
    if session is None:
        raise Unauthenticated
    user = session.principal.name.removeprefix("user:")
    return Shell(
        title=title,
        place=place,
        user=user,
        initials=_initials(user),
        zone=zone_of(request),
        csrf_token=session.csrf_token,
    )


def titles_of(catalogue: Catalogue) -> dict[str, str]:
    """Return dataset type → its title."""
    return {dataset.name: dataset.title for dataset in catalogue.all()}


def _initials(user: str) -> str:
    words = [word for word in user.partition("@")[0].replace("_", ".").split(".") if word]
    letters = [word[0] for word in words] if len(words) > 1 else list("".join(words)[:2])
    return "".join(letters[:2]).upper()
