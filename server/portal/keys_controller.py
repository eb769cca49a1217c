"""The page of API keys, under `/settings`; making and revoking them are calls of the API."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Redirect, Template

from server.access.principal import Principal
from server.access.scopes import Scope
from server.access.service import AccessService
from server.clock import Clock
from server.errors import ApplianceError, Unauthenticated
from server.portal.keys_page import keys_page
from server.portal.navigation import first_setting
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import gettext as _

_SIZE = 50


class KeysPageController(Controller):
    """Keys for programs; only an administrator sees them."""

    path = "/settings"
    include_in_schema = False
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get()
    async def show_keys(
        self,
        request: PageRequest,
        principal: NamedDependency[Principal],
        access: NamedDependency[AccessService],
        clock: NamedDependency[Clock],
        after: Annotated[UUID | None, QueryParameter()] = None,
    ) -> Template | Redirect:
        """Show the workspace's keys; who may not see them is led to the first tab they may."""
        shell = shell_of(request, title=_("API keys"), place="settings")
        if Scope.ADMIN not in principal.scopes:
            return Redirect(first_setting(principal.scopes), status_code=303)
        found = await access.keys(principal.workspace_id, after=after, limit=_SIZE + 1)
        shown = found[:_SIZE]
        page = keys_page(
            shell,
            shown,
            granted=principal.scopes,
            now=clock(),
            next_href=f"/settings?after={shown[-1].key_id}" if len(found) > _SIZE else None,
        )
        return Template("keys.html", context={"page": page})
