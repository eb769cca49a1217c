"""The page of people, under `/settings/people`; every change is a call of the API."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from server.access.guards import requires
from server.access.invitations import Invitations
from server.access.people import People
from server.access.principal import Principal
from server.access.scopes import Scope
from server.clock import Clock
from server.errors import ApplianceError, Unauthenticated
from server.portal.people_page import people_page
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import gettext as _

_PEOPLE = 50
# Those that still wait for somebody, and what became of the last few.
_INVITATIONS = 20


class PeoplePageController(Controller):
    """People and invitations; only an administrator sees them."""

    path = "/settings/people"
    include_in_schema = False
    guards = (requires(Scope.ADMIN),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get()
    async def show_people(
        self,
        *,
        request: PageRequest,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        invitations: NamedDependency[Invitations],
        clock: NamedDependency[Clock],
        after: Annotated[UUID | None, QueryParameter()] = None,
    ) -> Template:
        """Show who belongs to the workspace, and who is invited."""
        shell = shell_of(request, title=_("People"), place="settings")
        workspace_id = principal.workspace_id
        found = await people.page(workspace_id, after=after, limit=_PEOPLE + 1)
        shown = found[:_PEOPLE]
        more = len(found) > _PEOPLE
        page = people_page(
            shell,
            shown,
            await invitations.page(workspace_id, after=None, limit=_INVITATIONS),
            await people.workspace(workspace_id),
            scopes=principal.scopes,
            now=clock(),
            next_href=f"/settings/people?after={shown[-1].user.user_id}" if more else None,
        )
        return Template("people.html", context={"page": page})
