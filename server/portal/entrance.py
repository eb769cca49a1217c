"""What the forms of strangers have in common: proof that they are ours, and where they lead.

Signing in, joining and setting a password happen without a session, so without its CSRF token. A
cookie and a hidden field of the same value stand in: another site can set neither.
"""

import hmac
import secrets
from urllib.parse import quote

from litestar.datastructures import Cookie

from server.portal.reader import PageRequest
from server.portal.texts import gettext as _
from server.settings import Settings

# Without it, another site could sign a browser in as somebody else and read what is sent there.
_COOKIE = "tallydock_sign_in"


def is_secure(settings: Settings) -> bool:
    """Return whether cookies are for https only: when that is how the portal is reached."""
    return settings.base_url.startswith("https://")


def token_of(request: PageRequest) -> str:
    """Return the value for the hidden field: the one the browser has, or a new one."""
    return request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)


def is_ours(request: PageRequest, token: str) -> bool:
    """Return whether the form that was sent is one of our pages'."""
    expected = request.cookies.get(_COOKIE, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), token.encode())


def stale() -> str:
    """Return what a form is answered with that is not one of ours any more."""
    return _("This page was open too long. Try once more.")


def cookie_of(token: str, settings: Settings) -> Cookie:
    """Return the cookie that goes out beside the hidden field."""
    return Cookie(
        key=_COOKIE,
        value=token,
        path="/sign-in",
        httponly=True,
        samesite="strict",
        secure=is_secure(settings),
    )


def own_path(following: str) -> str:
    """Return the path if it is one of ours, else the overview: never another site."""
    is_own = following.startswith("/") and following[1:2] not in ("/", "\\")
    return following if is_own and following.isprintable() and "\\" not in following else "/"


def with_following(path: str, following: str) -> str:
    """Return the path of a page that leads on to another one of ours."""
    if following == "/":
        return path
    return f"{path}{'&' if '?' in path else '?'}following={quote(following, safe='/')}"
