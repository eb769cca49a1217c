"""One file: what became of it, what was found, what can be done, and what that would change."""

from collections.abc import Sequence
from contextlib import suppress

import structlog
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.analytics.gateway import Analytics
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.errors import (
    AdapterError,
    ApplianceError,
    FileNotFound,
    Malformed,
    StateConflict,
    Unauthenticated,
)
from server.files.answers import answer_file
from server.files.ids import parse_file_id
from server.files.listing import MAX_PAGE_SIZE, Query, Unsent
from server.files.mapped import mapping_of
from server.files.models import File
from server.files.row_source import row_source
from server.files.service import FileService
from server.files.undo_preview import preview_undo
from server.mappings.desk import MappingDesk
from server.mappings.used import mapping_used
from server.portal.consequence import consequence_of
from server.portal.file_page import file_page
from server.portal.reader import PageRequest, shell_of, titles_of
from server.portal.recheck import recheck_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.rejected import FIRST_ROWS
from server.portal.repairs import Family
from server.portal.texts import gettext
from server.reports.consequence import standing_rows
from server.reports.rows import RowReport, rows
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)


class FilePageController(Controller):
    """The pages under `/files/{id}`."""

    path = "/files/{file_id:str}"
    include_in_schema = False
    guards = (requires(Scope.FILES_READ),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
        AdapterError: answer_page,
    }

    @get()
    async def show_file(
        self,
        *,
        request: PageRequest,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
        units: NamedDependency[UnitsOfWork],
        clock: NamedDependency[Clock],
    ) -> Template:
        """Show the file."""
        parsed = parse_file_id(file_id)
        file = await file_service.get(principal.workspace_id, parsed)
        history = await file_service.history(principal.workspace_id, parsed)
        may_see = Scope.FILES_DOWNLOAD in principal.scopes
        page = file_page(
            file,
            shell=shell_of(request, title=file.name, place="files"),
            titles=titles_of(catalogue),
            dataset=catalogue.get(file.dataset_type),
            history=history.results,
            rejected=await _rejected(analytics, catalogue, file) if may_see else (),
            family=await _family(file_service, principal, file),
            now=clock(),
            scopes=principal.scopes,
            mapping=await mapping_used(units, mapping_of(file)),
        )
        # A page at its end is replaced as a whole, and with it what follows the file's events.
        ends = {"HX-Reswap": "outerHTML", "HX-Reselect": ".page"} if page.file.is_final else {}
        return Template("file.html", context={"page": page}, headers=ends)

    @get("/undo", guards=[requires(Scope.FILES_UNDO)])
    async def ask_undo(
        self,
        *,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
        units: NamedDependency[UnitsOfWork],
    ) -> Template:
        """Show what an undo would change, in rows and money."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        dataset = _declared(catalogue, file)
        preview = await preview_undo(units, analytics, dataset, file)
        return Template(
            "parts/consequence.html", context={"page": consequence_of(preview, file.rows_repaired)}
        )

    @get("/check-again", guards=[requires(Scope.FILES_WRITE)])
    async def ask_check_again(
        self,
        *,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        analytics: NamedDependency[Analytics],
        catalogue: NamedDependency[Catalogue],
        units: NamedDependency[UnitsOfWork],
        mappings: NamedDependency[MappingDesk],
    ) -> Template:
        """Show what checking the file again would change, as far as it can be told before."""
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        dataset = _declared(catalogue, file)
        standing = await standing_rows(
            analytics, dataset, workspace_id=file.workspace_id, file_id=file.file_id
        )
        trial = None
        if Scope.FILES_DOWNLOAD in principal.scopes:
            mapping = await mapping_used(units, mapping_of(file))
            # Of a kind that cannot be tried, or whose bytes are gone: then nothing is told of it.
            with suppress(Malformed, StateConflict):
                trial = await mappings.try_stored(principal, dataset, mapping, file.file_id)
        page = recheck_of(answer_file(file), dataset, standing, trial)
        return Template("parts/consequence.html", context={"page": page})


def _declared(catalogue: Catalogue, file: File) -> Dataset:
    dataset = catalogue.get(file.dataset_type)
    if dataset is None:
        raise FileNotFound
    return dataset


async def _family(files: FileService, principal: Principal, file: File) -> Family:
    workspace_id = principal.workspace_id
    repaired = await files.get(workspace_id, file.repair_of) if file.repair_of else None
    query = Query(repair_of=file.file_id, unsent=Unsent.HIDDEN, size=MAX_PAGE_SIZE)
    found = await files.page(workspace_id, query)
    return Family(
        repaired=answer_file(repaired) if repaired else None,
        repairs=tuple(answer_file(it) for it in found.files),
        may_send={Scope.FILES_WRITE, Scope.FILES_DOWNLOAD} <= principal.scopes,
    )


async def _rejected(
    analytics: Analytics, catalogue: Catalogue, file: File
) -> Sequence[RowReport] | None:
    """Return the first rows set aside; None when the analytics do not answer.

    The rest of the page comes from the file's record, so it is shown all the same.
    """
    source = row_source(file, catalogue.get(file.dataset_type))
    if source is None:
        return ()
    try:
        return await rows(
            analytics,
            source,
            kind="rejected",
            after_row=0,
            limit=FIRST_ROWS,
            translated=gettext,
        )
    except AdapterError as fault:
        logger.warning("page.without-rows", file_id=str(file.file_id), fault=type(fault).__name__)
        return None
