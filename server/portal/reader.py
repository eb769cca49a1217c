"""Who reads a page: the session, and the zone in which days and times are printed."""

from litestar import Request
from litestar.datastructures import State

from server.access.principal import session_of
from server.access.scopes import Scope
from server.datasets.catalogue import Catalogue
from server.errors import Unauthenticated
from server.insights.question import is_known_zone
from server.portal.contexts import PlaceLine, Shell
from server.portal.navigation import navigation_for
from server.portal.role_words import IN_A_SENTENCE
from server.portal.texts import English

ZONE_COOKIE = "tallydock_zone"
"""Set by `early.js` to the browser's zone; anybody may set it, so it is checked."""

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
        person=session.person,
        initials=_initials(session.person),
        zone=zone_of(request),
        csrf_token=session.csrf_token,
        workspace=session.place.name,
        role=IN_A_SENTENCE[session.place.role],
        places=tuple(
            PlaceLine(
                place.workspace_id, place.name, IN_A_SENTENCE[place.role], place == session.place
            )
            for place in session.places
        ),
        navigation=navigation_for(session.principal.scopes),
        may_send=Scope.FILES_WRITE in session.principal.scopes,
    )


def titles_of(catalogue: Catalogue) -> dict[str, str]:
    """Return dataset type → its title."""
    return {dataset.name: English(dataset.title) for dataset in catalogue.all()}


def _initials(user: str) -> str:
    name = user.partition("@")[0].replace("_", " ").replace(".", " ")
    words = name.split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else list("".join(words)[:2])
    return "".join(letters).upper()
