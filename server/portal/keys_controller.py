"""The page of API keys, under `/settings`; making and revoking them are calls of the API."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Template

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.access.service import AccessService
from server.clock import Clock
from server.errors import ApplianceError, Unauthenticated
from server.portal.keys_page import keys_page
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in

# Far more than anybody keeps; the API goes on where a page ends.
_MOST_KEYS = 200


class KeysPageController(Controller):
    """Keys for programs; only an administrator sees them."""

    path = "/settings"
    include_in_schema = False
    guards = (requires(Scope.ADMIN),)
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
    ) -> Template:
        """Show the workspace's keys."""
        found = await access.keys(principal.workspace_id, after=None, limit=_MOST_KEYS)
        shell = shell_of(request, title="API keys", place="settings")
        page = keys_page(shell, found, granted=principal.scopes, now=clock())
        return Template("keys.html", context={"page": page})
