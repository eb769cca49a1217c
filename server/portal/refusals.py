"""What a browser sees when a page cannot be shown: the sign-in, or a page that says why."""

from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect, Template

from server.errors import AdapterError, ApplianceError, Internal, Unavailable
from server.portal.contexts import ErrorPage
from server.portal.reader import PageRequest
from server.telemetry.request_id import current_request_id


def to_sign_in(request: PageRequest, _fault: Exception) -> Response[object]:
    """Answer a page without a session: sign in first, then come back here."""
    path = request.url.path
    if request.url.query:
        path += f"?{request.url.query}"
    following = "" if path == "/" else f"?following={quote(path, safe='/')}"
    return Redirect(f"/sign-in{following}", status_code=303)


def answer_page(_request: PageRequest, fault: Exception) -> Template:
    """Answer a refusal as a page; a fault of ours says nothing of the inside."""
    match fault:
        case ApplianceError():
            error = fault
        case AdapterError() if fault.is_transient:
            error = Unavailable("It comes back by itself; open the page again in a moment.")
        case _:
            error = Internal()
    page = ErrorPage(
        status=error.status,
        title=error.title,
        detail=error.detail if error.detail.rstrip(".") != error.title else _NEXT,
        request_id=current_request_id(),
    )
    return Template(
        "error.html", context={"page": page}, status_code=error.status, headers=error.headers
    )


_NEXT = "Go back, or begin at the overview."


def wants_page(request: PageRequest) -> bool:
    """Return whether a refusal is for a person: a browser asked for a page, not the API."""
    path = request.url.path
    is_program = path.startswith(("/analytics", "/static", "/health", "/metrics", "/schema"))
    return not is_program and "text/html" in request.headers.get("accept", "")
