"""What a browser gets once a password was right: the session, or the question for a code."""

import math
from datetime import datetime

from litestar.datastructures import Cookie
from litestar.response import Redirect

from server.access.sessions import session_cookie
from server.access.sign_in import CODE_WITHIN, CodeDue, SignedIn
from server.errors import RateLimited
from server.portal.counts import counted
from server.portal.entrance import is_secure, with_following
from server.portal.texts import gettext as _
from server.settings import Settings

CODE_COOKIE = "tallydock_code"
"""Proof of the password until the code is there; no session yet."""

_BRAKE_SECONDS = 30


def lead_on(
    begun: SignedIn | CodeDue, settings: Settings, now: datetime, *, following: str
) -> Redirect:
    """Return the way to the page that was asked for, by the second factor where there is one."""
    if isinstance(begun, CodeDue):
        path = with_following("/sign-in/code", following)
        return Redirect(path, status_code=303, cookies=[code_cookie(begun.token, settings)])
    cookies = [
        session_cookie(begun, now, is_secure=is_secure(settings)),
        code_cookie("", settings),
    ]
    return Redirect(following, status_code=303, cookies=cookies)


def code_cookie(token: str, settings: Settings) -> Cookie:
    """Return the cookie that is kept until the code is there; an empty token takes it away."""
    return Cookie(
        key=CODE_COOKIE,
        value=token,
        path="/sign-in",
        max_age=int(CODE_WITHIN.total_seconds()) if token else 0,
        httponly=True,
        samesite="strict",
        secure=is_secure(settings),
    )


def too_many(limited: RateLimited) -> str:
    """Return how long to wait, in words."""
    seconds = int(limited.headers.get("Retry-After", "0"))
    # Short waits are the brake on guesses, long ones the lock after ten of them.
    if seconds <= _BRAKE_SECONDS:
        return _("Too many tries for this e-mail. Wait half a minute, then try again.")
    return counted(
        "Too many tries for this e-mail. Wait %(number)s minute, then try again. "
        "A password link from an administrator lifts this at once.",
        "Too many tries for this e-mail. Wait %(number)s minutes, then try again. "
        "A password link from an administrator lifts this at once.",
        math.ceil(seconds / 60),
    )
