"""One's own page, under `/settings/profile`: name, password, second factor. Plain forms."""

from dataclasses import dataclass

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from server.access.credentials import Credentials
from server.access.password_rules import SHORTEST
from server.access.principal import ActiveSession, session_of
from server.access.second_factor import SecondFactor
from server.access.sessions import COOKIE
from server.clock import Clock
from server.errors import ApplianceError, Malformed, RateLimited, Unauthenticated
from server.portal.begun import too_many
from server.portal.counts import counted
from server.portal.dates import moment_in_words
from server.portal.navigation import tabs_for
from server.portal.people_contexts import ProfilePage, RecoveryCodesPage, SecondFactorPage
from server.portal.people_parts import Said
from server.portal.qr import qr_path
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.role_words import MAY
from server.portal.texts import English
from server.portal.texts import gettext as _

_PATH = "/settings/profile"
_NAME_CHARACTERS = 120


@dataclass(frozen=True)
class NameForm:
    """How one wants to be called."""

    name: str


@dataclass(frozen=True)
class PasswordForm:
    """A password to be changed."""

    current: str
    new: str


@dataclass(frozen=True)
class ProofForm:
    """The password, to do what must not be done by somebody at an open screen."""

    password: str


@dataclass(frozen=True)
class CodeForm:
    """A first code of the app."""

    code: str


class ProfileController(Controller):
    """Who is signed in, and how they come in."""

    path = _PATH
    include_in_schema = False
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get()
    async def show_profile(
        self,
        request: PageRequest,
        credentials: NamedDependency[Credentials],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
    ) -> Template:
        """Show the page."""
        return await _profile(request, credentials, second_factor, clock)

    @post("/name", status_code=200)
    async def rename(
        self,
        request: PageRequest,
        data: URLEncodedBody[NameForm],
        credentials: NamedDependency[Credentials],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Write down the name."""
        name = " ".join(data.name.split())[:_NAME_CHARACTERS]
        if not name or not name.isprintable():
            said = Said("name", _("A name is needed, so that others know who you are."))
            return await _profile(request, credentials, second_factor, clock, said)
        await credentials.rename(_session(request).user_id, name)
        return Redirect(_PATH, status_code=303)

    @post("/password", status_code=200)
    async def change_password(
        self,
        request: PageRequest,
        data: URLEncodedBody[PasswordForm],
        credentials: NamedDependency[Credentials],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
    ) -> Template:
        """Change the password; every other browser is signed out."""
        session = _session(request)
        try:
            await credentials.change_own(
                session.principal,
                session.user_id,
                current=data.current,
                new=data.new,
                session_token=request.cookies[COOKIE],
            )
            words = _("The password is changed. Every other browser of yours is signed out.")
            said = Said("password", words, is_refusal=False)
        except Malformed as refused:
            said = Said("password", English(refused.detail))
        except RateLimited as limited:
            said = Said("password", too_many(limited))
        return await _profile(request, credentials, second_factor, clock, said)

    @get("/second-factor")
    async def offer(
        self, request: PageRequest, second_factor: NamedDependency[SecondFactor]
    ) -> Template:
        """Show what the app on the phone needs."""
        return await _offer(request, second_factor)

    @post("/second-factor", status_code=200)
    async def confirm(
        self,
        request: PageRequest,
        data: URLEncodedBody[CodeForm],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
    ) -> Template:
        """Turn it on by a first code, and show the recovery codes this once."""
        session = _session(request)
        codes = await second_factor.confirm(session.principal, session.user_id, data.code, clock())
        if not codes:
            wrong = _(
                "This code is not right. Check the phone's clock, and take the next one it shows."
            )
            return await _offer(request, second_factor, wrong)
        shell = shell_of(request, title=_("Recovery codes"), place="settings")
        page = RecoveryCodesPage(shell=shell, codes=tuple(codes))
        return Template("recovery-codes.html", context={"page": page})

    @post("/second-factor/remove", status_code=200)
    async def remove(
        self,
        request: PageRequest,
        data: URLEncodedBody[ProofForm],
        credentials: NamedDependency[Credentials],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
    ) -> Template | Redirect:
        """Turn it off, with the password."""
        session = _session(request)
        try:
            is_off = await second_factor.remove(
                session.principal, session.user_id, data.password, clock()
            )
        except RateLimited as limited:
            said = Said("second-factor", too_many(limited))
            return await _profile(request, credentials, second_factor, clock, said)
        if is_off:
            return Redirect(_PATH, status_code=303)
        said = Said("second-factor", _("This is not your password."))
        return await _profile(request, credentials, second_factor, clock, said)


async def _profile(
    request: PageRequest,
    credentials: Credentials,
    second_factor: SecondFactor,
    clock: Clock,
    said: Said | None = None,
) -> Template:
    session = _session(request)
    shell = shell_of(request, title=_("Profile"), place="settings")
    user = await credentials.user(session.user_id)
    left = await second_factor.recovery_codes_left(session.user_id)
    since = user.totp_since
    page = ProfilePage(
        shell=shell,
        tabs=tabs_for(session.principal.scopes, "profile"),
        name=user.name,
        email=user.email,
        may=MAY[session.place.role],
        shortest=SHORTEST,
        said=said,
        second_factor_since=moment_in_words(since, clock(), shell.zone) if since else "",
        recovery_codes=counted(
            "%(number)s recovery code left", "%(number)s recovery codes left", left
        ),
        is_possible=second_factor.is_possible,
        is_required=session.lacks_second_factor,
    )
    return Template("profile.html", context={"page": page})


async def _offer(
    request: PageRequest, second_factor: SecondFactor, alert: str | None = None
) -> Template:
    session = _session(request)
    offer = await second_factor.offer(session.user_id)
    picture, size = qr_path(offer.address)
    page = SecondFactorPage(
        shell=shell_of(request, title=_("Second factor"), place="settings"),
        secret=offer.secret,
        address=offer.address,
        picture=picture,
        picture_size=size,
        is_required=session.lacks_second_factor,
        alert=alert,
    )
    return Template("second-factor.html", context={"page": page})


def _session(request: PageRequest) -> ActiveSession:
    session = session_of(request)
    if session is None:
        raise Unauthenticated
    return session
