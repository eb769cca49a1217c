"""The list of files, and the line of a file that moves on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Template

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.errors import AdapterError, ApplianceError, Unauthenticated
from server.files.answers import answer_file, page_path
from server.files.ids import parse_file_id
from server.files.service import FileService
from server.insights.cells import time_text
from server.portal.contexts import FileRowFragment, FilesPage, NewerFragment
from server.portal.counts import counted
from server.portal.figures import limit
from server.portal.file_lines import file_line
from server.portal.files_filters import UNSENT, Filters, days_options, read_filters, result_options
from server.portal.parts import InsteadOf, Option
from server.portal.reader import PageRequest, shell_of, titles_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.rules import rules_of
from server.portal.texts import gettext as _
from server.settings import Settings

# Below it a broken PUT is sent again in the time that asking about its parts would take.
_MULTIPART_FROM_BYTES = 100_000_000
_OVERLAP = timedelta(seconds=2)


class FilePagesController(Controller):
    """The pages under `/files`."""

    path = "/files"
    include_in_schema = False
    guards = (requires(Scope.FILES_READ),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
        AdapterError: answer_page,
    }

    @get()
    async def show_files(
        self,
        *,
        request: PageRequest,
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        catalogue: NamedDependency[Catalogue],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
        dataset: Annotated[str, QueryParameter()] = "",
        result: Annotated[str, QueryParameter()] = "",
        days: Annotated[str, QueryParameter()] = "",
        words: Annotated[str, QueryParameter(name="q")] = "",
        after: Annotated[str, QueryParameter()] = "",
        repair_of: Annotated[str, QueryParameter(name="repairOf")] = "",
    ) -> Template:
        """Show the newest files, fifty at a time; those never sent only when asked for."""
        shell = shell_of(request, title=_("Files"), place="files")
        titles = titles_of(catalogue)
        filters = read_filters(
            dataset=dataset,
            result=result,
            days=days,
            words=words,
            after=after,
            datasets=tuple(titles),
        )
        now = clock()
        found = await file_service.page(principal.workspace_id, filters.query(now, shell.zone))
        unsent = 0 if filters.is_any else await file_service.count_unsent(principal.workspace_id)
        failed = None
        if repair_of:
            failed = await file_service.get(principal.workspace_id, parse_file_id(repair_of))
        page = FilesPage(
            shell=shell,
            files=tuple(
                file_line(answer_file(file), titles=titles, now=now, zone=shell.zone)
                for file in found.files
            ),
            dataset_filter=(
                Option("", _("All datasets"), not filters.dataset),
                *(Option(name, title, name == filters.dataset) for name, title in titles.items()),
            ),
            result_filter=result_options(filters.result),
            days_filter=days_options(filters.days),
            words=filters.words,
            is_filtered=filters.is_any,
            unsent=_unsent(unsent) if unsent else None,
            unsent_href=f"/files?result={UNSENT}",
            newer_href=None if filters.after else _newer(filters, now),
            instead_of=InsteadOf(str(failed.file_id), failed.name, failed.dataset_type)
            if failed
            else None,
            next_href=page_path("/files", [*filters.chosen, ("after", found.next_cursor)])
            if found.next_cursor
            else None,
            largest=limit(settings.max_upload_bytes),
            largest_bytes=settings.max_upload_bytes,
            multipart_from_bytes=_MULTIPART_FROM_BYTES,
            owner=f"{principal.workspace_id}/{principal.name}",
            base_url=settings.base_url,
        )
        return Template("files.html", context={"page": page})

    @get("/newer")
    async def show_newer(
        self,
        *,
        request: PageRequest,
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        catalogue: NamedDependency[Catalogue],
        clock: NamedDependency[Clock],
        since: Annotated[datetime, QueryParameter()],
        dataset: Annotated[str, QueryParameter()] = "",
        result: Annotated[str, QueryParameter()] = "",
        days: Annotated[str, QueryParameter()] = "",
        words: Annotated[str, QueryParameter(name="q")] = "",
    ) -> Template:
        """Show the lines of files that arrived since; htmx puts them on top of the list."""
        shell = shell_of(request, title="", place="")
        titles = titles_of(catalogue)
        filters = read_filters(
            dataset=dataset,
            result=result,
            days=days,
            words=words,
            after="",
            datasets=tuple(titles),
        )
        now = clock()
        query = replace(filters.query(now, shell.zone), arrived_since=since.astimezone(UTC))
        found = await file_service.page(principal.workspace_id, query)
        lines = tuple(
            file_line(answer_file(file), titles=titles, now=now, zone=shell.zone)
            for file in found.files
        )
        page = NewerFragment(lines, _newer(filters, now))
        return Template("parts/newer.html", context={"page": page})

    @get("/rules")
    async def show_rules(self, catalogue: NamedDependency[Catalogue]) -> dict[str, object]:
        """Answer the datasets' rules, by which the browser looks at a file before it is sent."""
        return rules_of(catalogue.all())

    @get("/{file_id:str}/row")
    async def show_row(
        self,
        *,
        request: PageRequest,
        file_id: FromPath[str],
        principal: NamedDependency[Principal],
        file_service: NamedDependency[FileService],
        catalogue: NamedDependency[Catalogue],
        clock: NamedDependency[Clock],
        is_new: Annotated[bool, QueryParameter(name="new")] = False,
    ) -> Template:
        """Show the file's line as it is now; htmx puts it in place of the older one."""
        shell = shell_of(request, title="", place="")
        file = await file_service.get(principal.workspace_id, parse_file_id(file_id))
        line = file_line(
            answer_file(file), titles=titles_of(catalogue), now=clock(), zone=shell.zone
        )
        context = {"page": FileRowFragment(line)}
        # A line at its end is replaced as a whole, and with it what follows its events.
        is_end = line.is_final and not is_new
        ends = {"HX-Reswap": "outerHTML", "HX-Reselect": "tr"} if is_end else {}
        return Template("parts/row.html", context=context, headers=ends)


def _unsent(files: int) -> str:
    return counted(
        "%(number)s file asked for and not sent", "%(number)s files asked for and not sent", files
    )


def _newer(filters: Filters, now: datetime) -> str:
    # What arrived while the page was made is asked for twice rather than never.
    since = time_text(now - _OVERLAP)
    return page_path("/files/newer", [*filters.chosen, ("since", since)])
