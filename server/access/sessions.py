"""The portal's session cookie, as it is set and taken away."""

from datetime import datetime

from litestar.datastructures import Cookie

from server.access.sign_in import SignedIn

COOKIE = "tallydock_session"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
"""Name of the hidden field in the portal's forms."""


def session_cookie(signed_in: SignedIn, now: datetime, *, is_secure: bool) -> Cookie:
    """Return the cookie to set after signing in.

    Args:
        signed_in: the session just begun.
        now: the present, aware UTC.
        is_secure: True when the public address is https; over http a browser would drop it.
    """
    return _cookie(signed_in.token, int((signed_in.expires_at - now).total_seconds()), is_secure)


def ended_cookie(*, is_secure: bool) -> Cookie:
    """Return the cookie that makes the browser forget the session."""
    return _cookie("", 0, is_secure)


def _cookie(token: str, max_age_seconds: int, is_secure: bool) -> Cookie:  # noqa: FBT001 - private
    return Cookie(
        key=COOKIE,
        value=token,
        path="/",
        max_age=max_age_seconds,
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )
