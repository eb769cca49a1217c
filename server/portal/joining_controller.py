"""What a link leads to: joining a workspace, or a new password. Nobody is signed in yet."""

from dataclasses import dataclass
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from server.access.credentials import Credentials
from server.access.invitations import Invitations
from server.access.password_rules import SHORTEST
from server.access.sign_in import SignIn
from server.clock import Clock
from server.errors import ApplianceError, Malformed, NotFound, RateLimited
from server.portal.begun import lead_on, too_many
from server.portal.contexts import ErrorPage
from server.portal.entrance import cookie_of, is_ours, stale, token_of
from server.portal.people_contexts import JoinPage, NewPasswordPage
from server.portal.reader import PageRequest
from server.portal.refusals import answer_page
from server.portal.role_words import IN_A_SENTENCE, MAY
from server.portal.texts import English
from server.portal.texts import gettext as _
from server.settings import Settings
from server.telemetry.request_id import current_request_id

_NAME_CHARACTERS = 120


@dataclass(frozen=True)
class JoinForm:
    """What the form of an invitation sends."""

    link: str
    password: str
    token: str = ""
    name: str = ""


@dataclass(frozen=True)
class NewPasswordForm:
    """What the form of a password link sends."""

    link: str
    password: str
    token: str = ""


class JoiningController(Controller):
    """The pages that links lead to; the link's token stands in the query, which is not logged."""

    include_in_schema = False
    exception_handlers = {ApplianceError: answer_page}  # noqa: RUF012 - Litestar's own attribute

    @get("/sign-in/join")
    async def show_invitation(
        self,
        request: PageRequest,
        invitations: NamedDependency[Invitations],
        settings: NamedDependency[Settings],
        link: Annotated[str, QueryParameter(name="token")] = "",
    ) -> Template:
        """Show what the invitation is to, and ask for name and password."""
        return await _join_form(request, invitations, settings, link)

    @post("/sign-in/join", status_code=200)
    async def join(
        self,
        *,
        request: PageRequest,
        data: URLEncodedBody[JoinForm],
        invitations: NamedDependency[Invitations],
        sign_in: NamedDependency[SignIn],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Join, and begin a session in the workspace."""
        name = " ".join(data.name.split())[:_NAME_CHARACTERS]
        alert = None
        if not is_ours(request, data.token):
            alert = stale()
        elif "name" in await _asked_for(invitations, data.link) and not name:
            alert = _("A name is needed, so that others know who you are.")
        if alert is not None:
            return await _join_form(
                request, invitations, settings, data.link, name=name, alert=alert
            )
        try:
            email, workspace_id = await invitations.join(
                data.link, name=name, password=data.password
            )
            begun = await sign_in.begin(email, data.password, clock(), into=workspace_id)
        except Malformed as refused:
            return await _join_form(
                request, invitations, settings, data.link, name=name, alert=English(refused.detail)
            )
        except RateLimited as limited:
            alert = too_many(limited)
            return await _join_form(
                request, invitations, settings, data.link, name=name, alert=alert
            )
        except NotFound:
            return link_is_gone()
        if begun is None:
            return Redirect("/sign-in", status_code=303)
        return lead_on(begun, settings, clock(), following="/")

    @get("/sign-in/password")
    async def show_password(
        self,
        request: PageRequest,
        credentials: NamedDependency[Credentials],
        settings: NamedDependency[Settings],
        link: Annotated[str, QueryParameter(name="token")] = "",
    ) -> Template:
        """Ask for a new password."""
        return await _password_form(request, credentials, settings, link)

    @post("/sign-in/password", status_code=200)
    async def set_password(
        self,
        request: PageRequest,
        data: URLEncodedBody[NewPasswordForm],
        credentials: NamedDependency[Credentials],
        settings: NamedDependency[Settings],
    ) -> Template | Redirect:
        """Set the password; the person signs in with it, second factor included."""
        if not is_ours(request, data.token):
            return await _password_form(request, credentials, settings, data.link, stale())
        try:
            await credentials.reset(data.link, data.password)
        except Malformed as refused:
            alert = English(refused.detail)
            return await _password_form(request, credentials, settings, data.link, alert)
        except NotFound:
            return link_is_gone()
        return Redirect("/sign-in", status_code=303)


async def _asked_for(invitations: Invitations, link: str) -> set[str]:
    """Return which fields the form of this link has besides the password."""
    invited = await invitations.look(link)
    return set() if invited is None or invited.is_known else {"name"}


async def _join_form(
    request: PageRequest,
    invitations: Invitations,
    settings: Settings,
    link: str,
    *,
    name: str = "",
    alert: str | None = None,
) -> Template:
    invited = await invitations.look(link)
    if invited is None:
        return link_is_gone()
    token = token_of(request)
    page = JoinPage(
        link=link,
        token=token,
        email=invited.email,
        workspace=invited.workspace,
        role=IN_A_SENTENCE[invited.role],
        may=MAY[invited.role],
        is_known=invited.is_known,
        name=name,
        shortest=SHORTEST,
        alert=alert,
    )
    return Template("join.html", context={"page": page}, cookies=[cookie_of(token, settings)])


async def _password_form(
    request: PageRequest,
    credentials: Credentials,
    settings: Settings,
    link: str,
    alert: str | None = None,
) -> Template:
    email = await credentials.look(link)
    if email is None:
        return link_is_gone()
    token = token_of(request)
    page = NewPasswordPage(link=link, token=token, email=email, shortest=SHORTEST, alert=alert)
    cookies = [cookie_of(token, settings)]
    return Template("new-password.html", context={"page": page}, cookies=cookies)


def link_is_gone() -> Template:
    """Answer a link that was used, withdrawn, has expired or never was one."""
    page = ErrorPage(
        status=NotFound.status,
        title=_("This link is not good any more"),
        detail=_("It was used, taken back, or is too old. Ask who gave it to you for a new one."),
        request_id=current_request_id(),
        way=(_("Sign in"), "/sign-in"),
    )
    return Template("error.html", context={"page": page}, status_code=page.status)
