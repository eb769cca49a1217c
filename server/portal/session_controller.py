"""Signing in, with a second factor where there is one, moving between workspaces, signing out."""

from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from server.access.principal import session_of
from server.access.sessions import COOKIE, ended_cookie
from server.access.sign_in import SignIn
from server.clock import Clock
from server.errors import ApplianceError, NotFound, RateLimited, Unauthenticated
from server.portal.begun import CODE_COOKIE, code_cookie, lead_on, too_many
from server.portal.contexts import SignInPage
from server.portal.entrance import (
    cookie_of,
    is_ours,
    is_secure,
    own_path,
    stale,
    token_of,
    with_following,
)
from server.portal.people_contexts import CodePage
from server.portal.reader import PageRequest
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import gettext as _
from server.settings import Settings


@dataclass(frozen=True)
class SignInForm:
    """What the sign-in form sends."""

    email: str
    password: str
    token: str = ""
    following: str = "/"


@dataclass(frozen=True)
class CodeForm:
    """What the form of the second factor sends."""

    code: str
    token: str = ""
    following: str = "/"


@dataclass(frozen=True)
class WorkspaceForm:
    """What a choice in the side bar sends."""

    workspace: str


class SessionController(Controller):
    """The sign-in pages and the two ends of a session."""

    include_in_schema = False
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get("/sign-in")
    async def show(
        self,
        request: PageRequest,
        settings: NamedDependency[Settings],
        following: Annotated[str, QueryParameter()] = "/",
        late: Annotated[str, QueryParameter()] = "",
        ended: Annotated[str, QueryParameter()] = "",
    ) -> Template:
        """Show the form."""
        alert = _("That took too long. Begin again with your password.") if late else None
        note = _ended() if ended else None
        return _form(request, settings, following=own_path(following), note=note, alert=alert)

    @post("/sign-in", status_code=200)
    async def sign_in(
        self,
        request: PageRequest,
        data: URLEncodedBody[SignInForm],
        sign_in: NamedDependency[SignIn],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Begin a session, or show the form again without saying which part was wrong."""
        following = own_path(data.following)
        if not is_ours(request, data.token):
            return _form(request, settings, following=following, email=data.email, alert=stale())
        now = clock()
        try:
            begun = await sign_in.begin(data.email, data.password, now)
        except RateLimited as limited:
            return _form(
                request,
                settings,
                following=following,
                email=data.email,
                alert=too_many(limited),
                status_code=limited.status,
            )
        if begun is None:
            alert = _("E-mail and password do not fit together.")
            return _form(request, settings, following=following, email=data.email, alert=alert)
        return lead_on(begun, settings, now, following=following)

    @get("/sign-in/code")
    async def ask_code(
        self,
        request: PageRequest,
        settings: NamedDependency[Settings],
        following: Annotated[str, QueryParameter()] = "/",
    ) -> Template | Redirect:
        """Ask for a code of the second factor."""
        if CODE_COOKIE not in request.cookies:
            return Redirect(with_following("/sign-in", own_path(following)), status_code=303)
        return _code_form(request, settings, following=own_path(following))

    @post("/sign-in/code", status_code=200)
    async def take_code(
        self,
        request: PageRequest,
        data: URLEncodedBody[CodeForm],
        sign_in: NamedDependency[SignIn],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Begin the session, or ask for the code again."""
        following = own_path(data.following)
        if not is_ours(request, data.token):
            return _code_form(request, settings, following=following, alert=stale())
        now = clock()
        try:
            begun = await sign_in.finish(request.cookies.get(CODE_COOKIE, ""), data.code, now)
        except NotFound:
            path = with_following("/sign-in?late=1", following)
            ended = [code_cookie("", settings)]
            return Redirect(path, status_code=303, cookies=ended)
        except RateLimited as limited:
            alert = too_many(limited)
            return _code_form(
                request, settings, following=following, alert=alert, status_code=limited.status
            )
        if begun is None:
            alert = _(
                "This code is not right, or was used before. Take the next one that the app shows."
            )
            return _code_form(request, settings, following=following, alert=alert)
        return lead_on(begun, settings, now, following=following)

    @post("/sign-out", status_code=303)
    async def sign_out(
        self,
        request: PageRequest,
        sign_in: NamedDependency[SignIn],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Redirect:
        """End the session; the form's token is checked where every session's is."""
        if session_of(request) is not None:
            await sign_in.end(request.cookies[COOKIE], clock())
        cookie = ended_cookie(is_secure=is_secure(settings))
        return Redirect("/sign-in", status_code=303, cookies=[cookie])

    @post("/workspace", status_code=303)
    async def enter_workspace(
        self,
        request: PageRequest,
        data: URLEncodedBody[WorkspaceForm],
        sign_in: NamedDependency[SignIn],
        clock: NamedDependency[Clock],
    ) -> Redirect:
        """Go on in another workspace, at its overview."""
        session = session_of(request)
        if session is None:
            raise Unauthenticated
        await sign_in.enter(request.cookies[COOKIE], session, data.workspace, clock())
        return Redirect("/", status_code=303)


def _ended() -> str:
    return _(
        "Your session has ended. One ends when nobody clicks for a while, when its time is over, "
        "and when a role or a password changes. Sign in to go on where you were."
    )


def _form(
    request: PageRequest,
    settings: Settings,
    *,
    following: str,
    email: str = "",
    note: str | None = None,
    alert: str | None = None,
    status_code: int = 200,
) -> Template:
    token = token_of(request)
    page = SignInPage(email=email[:110], following=following, token=token, note=note, alert=alert)
    cookies = [cookie_of(token, settings)]
    return Template(
        "sign-in.html", context={"page": page}, cookies=cookies, status_code=status_code
    )


def _code_form(
    request: PageRequest,
    settings: Settings,
    *,
    following: str,
    alert: str | None = None,
    status_code: int = 200,
) -> Template:
    token = token_of(request)
    page = CodePage(following=following, token=token, alert=alert)
    return _page("code.html", page, token, settings, status_code)


def _page(
    name: str, page: SignInPage | CodePage, token: str, settings: Settings, status_code: int
) -> Template:
    cookies = [cookie_of(token, settings)]
    return Template(name, context={"page": page}, cookies=cookies, status_code=status_code)
