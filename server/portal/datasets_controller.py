"""The pages under `/datasets`."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from server.access.guards import requires
from server.access.scopes import Scope
from server.datasets.catalogue import Catalogue
from server.errors import ApplianceError, NotFound, Unauthenticated
from server.portal.counts import listed
from server.portal.dataset_pages import dataset_page, datasets_page
from server.portal.reader import PageRequest, shell_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import English
from server.portal.texts import gettext as _
from server.settings import Settings


class DatasetPagesController(Controller):
    """What can be sent, and how."""

    path = "/datasets"
    include_in_schema = False
    guards = (requires(Scope.FILES_READ),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
    }

    @get()
    async def show_datasets(
        self, request: PageRequest, catalogue: NamedDependency[Catalogue]
    ) -> Template:
        """Show every dataset."""
        shell = shell_of(request, title=_("Datasets"), place="datasets")
        page = datasets_page(shell, tuple(catalogue.all()))
        return Template("datasets.html", context={"page": page})

    @get("/{name:str}")
    async def show_dataset(
        self,
        request: PageRequest,
        name: FromPath[str],
        catalogue: NamedDependency[Catalogue],
        settings: NamedDependency[Settings],
    ) -> Template:
        """Show one dataset: columns, rules, programs that send it."""
        dataset = catalogue.get(name)
        if dataset is None:
            detail = _("Known are %(datasets)s.") % {"datasets": listed(catalogue.names())}
            raise NotFound(detail)
        shell = shell_of(request, title=English(dataset.title), place="datasets")
        page = dataset_page(shell, dataset, base_url=settings.base_url)
        return Template("dataset.html", context={"page": page})
