"""Signing in and out."""

import hmac
import math
import secrets
from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from server.access.principal import session_of
from server.access.service import AccessService
from server.access.sessions import COOKIE, ended_cookie, session_cookie
from server.clock import Clock
from server.errors import RateLimited
from server.portal.contexts import SignInPage
from server.portal.reader import PageRequest
from server.settings import Settings

# Proof that the form came from our page: without it, another site could sign a browser in as
# somebody else and read what is then sent there.
_TOKEN_COOKIE = "tallydock_sign_in"  # noqa: S105 - a cookie's name

_BRAKE_SECONDS = 30

_WRONG = "E-mail and password do not fit together."
_STALE = "This page was open too long. Sign in again."


@dataclass(frozen=True)
class SignInForm:
    """What the sign-in form sends."""

    email: str
    password: str
    token: str = ""
    following: str = "/"


class SessionController(Controller):
    """The sign-in page and the two ends of a session."""

    include_in_schema = False

    @get("/sign-in")
    async def show(
        self,
        request: PageRequest,
        settings: NamedDependency[Settings],
        following: Annotated[str, QueryParameter()] = "/",
    ) -> Template:
        """Show the form."""
        return _form(request, settings, following=_own_path(following))

    @post("/sign-in", status_code=200)
    async def sign_in(
        self,
        request: PageRequest,
        data: URLEncodedBody[SignInForm],
        access: NamedDependency[AccessService],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Begin a session, or show the form again without saying which part was wrong."""
        following = _own_path(data.following)
        expected = request.cookies.get(_TOKEN_COOKIE, "")
        if not expected or not hmac.compare_digest(expected.encode(), data.token.encode()):
            return _form(request, settings, following=following, email=data.email, alert=_STALE)
        now = clock()
        try:
            signed_in = await access.sign_in(data.email, data.password, now)
        except RateLimited as limited:
            return _form(
                request,
                settings,
                following=following,
                email=data.email,
                alert=_too_many(limited),
                status_code=limited.status,
            )
        if signed_in is None:
            return _form(request, settings, following=following, email=data.email, alert=_WRONG)
        cookie = session_cookie(signed_in, now, is_secure=_is_secure(settings))
        return Redirect(following, status_code=303, cookies=[cookie])

    @post("/sign-out", status_code=303)
    async def sign_out(
        self,
        request: PageRequest,
        access: NamedDependency[AccessService],
        settings: NamedDependency[Settings],
    ) -> Redirect:
        """End the session; the form's token is checked where every session's is."""
        if session_of(request) is not None:
            await access.sign_out(request.cookies[COOKIE])
        cookie = ended_cookie(is_secure=_is_secure(settings))
        return Redirect("/sign-in", status_code=303, cookies=[cookie])


def _form(
    request: PageRequest,
    settings: Settings,
    *,
    following: str,
    email: str = "",
    alert: str | None = None,
    status_code: int = 200,
) -> Template:
    token = request.cookies.get(_TOKEN_COOKIE) or secrets.token_urlsafe(24)
    cookie = Cookie(
        key=_TOKEN_COOKIE,
        value=token,
        path="/sign-in",
        httponly=True,
        samesite="strict",
        secure=_is_secure(settings),
    )
    page = SignInPage(email=email[:110], following=following, token=token, alert=alert)
    return Template(
        "sign-in.html", context={"page": page}, cookies=[cookie], status_code=status_code
    )


def _too_many(limited: RateLimited) -> str:
    seconds = int(limited.headers.get("Retry-After", "0"))
    # Short waits are the brake on guesses, long ones the lock after ten of them.
    wait = "half a minute" if seconds <= _BRAKE_SECONDS else f"{math.ceil(seconds / 60)} minutes"
    return f"Too many tries for this e-mail. Wait {wait}, then try again."


def _own_path(following: str) -> str:
    """Return the path if it is one of ours, else the overview: never another site."""
    is_own = following.startswith("/") and following[1:2] not in ("/", "\\")
    return following if is_own and following.isprintable() and "\\" not in following else "/"


def _is_secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")
