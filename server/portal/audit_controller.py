"""The page of the audit trail, under `/settings/audit`."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.audit.trail import AuditTrail
from server.clock import Clock
from server.errors import ApplianceError, Unauthenticated
from server.portal.audit_page import audit_page, read_filters
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import gettext as _


class AuditPageController(Controller):
    """Who did what to what, when and from where."""

    path = "/settings/audit"
    include_in_schema = False
    guards = (requires(Scope.AUDIT_READ),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get()
    async def show_trail(
        self,
        *,
        request: PageRequest,
        principal: NamedDependency[Principal],
        trail: NamedDependency[AuditTrail],
        clock: NamedDependency[Clock],
        who: Annotated[str, QueryParameter()] = "",
        what: Annotated[str, QueryParameter()] = "",
        days: Annotated[str, QueryParameter()] = "",
        after: Annotated[str, QueryParameter()] = "",
    ) -> Template:
        """Show the lines that fit."""
        shell = shell_of(request, title=_("Audit"), place="settings")
        now = clock()
        actors = await trail.actors(principal.workspace_id)
        filters = read_filters(actor=who, kind=what, days=days, after=after, actors=actors)
        events = await trail.page(principal.workspace_id, filters.query(now, shell.zone))
        page = audit_page(shell, events, filters, actors=actors, scopes=principal.scopes, now=now)
        return Template("audit.html", context={"page": page})
