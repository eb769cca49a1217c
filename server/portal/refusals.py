"""What a browser sees when a page cannot be shown: the sign-in, or a page that says why."""

from collections.abc import Mapping

from litestar import Response
from litestar.response import Redirect, Template

from server.access.principal import session_of
from server.access.scopes import Scope
from server.access.sessions import COOKIE
from server.errors import AdapterError, ApplianceError, Forbidden, Internal, Unavailable
from server.portal.contexts import ErrorPage
from server.portal.counts import listed
from server.portal.entrance import with_following
from server.portal.navigation import navigation_for
from server.portal.reader import PageRequest
from server.portal.role_words import ONE, who_may
from server.portal.texts import English
from server.portal.texts import gettext as _
from server.telemetry.request_id import current_request_id


def to_sign_in(request: PageRequest, _fault: Exception) -> Response[object]:
    """Answer a page without a session: sign in first, then come back here.

    A part that a script asks for is refused: the sign-in must not be put in its place. Who brings
    the cookie of a session that is over is told that it is: signing out takes the cookie away.
    """
    if "hx-request" in request.headers:
        return Response(None, status_code=401)
    path = request.url.path
    if request.url.query:
        path += f"?{request.url.query}"
    sign_in = "/sign-in?ended=1" if request.cookies.get(COOKIE) else "/sign-in"
    return Redirect(with_following(sign_in, path), status_code=303)


def answer_page(request: PageRequest, fault: Exception) -> Template | Redirect:
    """Answer a refusal as a page; a fault of ours says nothing of the inside."""
    detail = ""
    match fault:
        case Forbidden():
            return _answer_forbidden(request, fault)
        case ApplianceError():
            error = fault
        case AdapterError() if fault.is_transient:
            error = Unavailable()
            detail = _("It comes back by itself; open the page again in a moment.")
        case _:
            error = Internal()
    if not detail:
        says_more = error.detail.rstrip(".") != error.title
        detail = English(error.detail) if says_more else _next()
    page = ErrorPage(
        status=error.status,
        title=_(error.title),
        detail=detail,
        request_id=current_request_id(),
    )
    return _page(page, error.headers)


def _answer_forbidden(request: PageRequest, fault: Forbidden) -> Template | Redirect:
    """Say what the reader is, what is needed, and who could help."""
    session = session_of(request)
    if session is not None and session.lacks_second_factor:
        return Redirect("/settings/profile/second-factor", status_code=303)
    needed = str(fault.extras.get("neededScope", ""))
    detail: str = English(fault.detail)
    helping = None
    if session is not None and needed:
        detail = _("It is for %(roles)s; in %(workspace)s you are %(role)s.") % {
            "roles": who_may(Scope(needed)),
            "workspace": session.place.name,
            "role": ONE[session.place.role],
        }
        helping = _("Who can change that: %(people)s.") % {"people": listed(session.administrators)}
    scopes = session.principal.scopes if session is not None else frozenset()
    opens = navigation_for(scopes)[0]
    page = ErrorPage(
        status=fault.status,
        title=_("This page is not for your role"),
        detail=detail,
        request_id=current_request_id(),
        help=helping,
        way=(_("Go to %(page)s") % {"page": opens.label}, opens.href),
    )
    return _page(page, fault.headers)


def _page(page: ErrorPage, headers: Mapping[str, str]) -> Template:
    context = {"page": page}
    return Template("error.html", context=context, status_code=page.status, headers=dict(headers))


def _next() -> str:
    return _("Go back, or begin at the overview.")


def wants_page(request: PageRequest) -> bool:
    """Return whether a refusal is for a person: a browser asked for a page, not the API."""
    path = request.url.path
    is_program = path.startswith(("/analytics", "/static", "/health", "/metrics", "/schema"))
    return not is_program and "text/html" in request.headers.get("accept", "")
