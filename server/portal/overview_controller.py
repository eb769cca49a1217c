"""The overview, at `/`."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.errors import AdapterError, ApplianceError, Unauthenticated
from server.files.answers import answer_file
from server.files.listing import Query, Unsent
from server.files.service import FileService
from server.insights.service import Insights
from server.portal.file_lines import file_line
from server.portal.numbers import Extent, Numbers, read_extent, read_numbers
from server.portal.overview import Asked, overview_page
from server.portal.periods import Period, month_of, month_to, read_period
from server.portal.reader import PageRequest, shell_of, titles_of, zone_of
from server.portal.refusals import answer_page, to_sign_in
from server.portal.texts import gettext as _

_NEWEST = 6
"""As many files as stand beside the chart of refunds."""


class OverviewController(Controller):
    """The dashboard."""

    include_in_schema = False
    guards = (requires(Scope.INSIGHTS_READ),)
    exception_handlers = {  # noqa: RUF012 - Litestar's own attribute
        Unauthenticated: to_sign_in,
        ApplianceError: answer_page,
        AdapterError: answer_page,
    }

    @get("/")
    async def overview(
        self,
        *,
        request: PageRequest,
        principal: NamedDependency[Principal],
        insights: NamedDependency[Insights],
        file_service: NamedDependency[FileService],
        catalogue: NamedDependency[Catalogue],
        clock: NamedDependency[Clock],
        currency: Annotated[str, QueryParameter()] = "",
        provider: Annotated[str, QueryParameter()] = "",
        period: Annotated[str, QueryParameter()] = "",
        from_: Annotated[str, QueryParameter(name="from")] = "",
        to: Annotated[str, QueryParameter()] = "",
    ) -> Template:
        """Show key figures, charts and the newest files."""
        shell = shell_of(request, title=_("Overview"), place="overview")
        workspace_id, now = principal.workspace_id, clock()
        extent = await read_extent(insights, workspace_id)
        chosen = Asked(
            period=_period(period, from_, to, extent=extent, now=now, zone=zone_of(request)),
            currency=_known(currency.upper(), extent.currencies) or _first(extent.currencies),
            provider=_known(provider, extent.providers),
        )
        numbers: Numbers = await read_numbers(
            insights,
            workspace_id,
            chosen.period,
            zone=shell.zone,
            currency=chosen.currency,
            provider=chosen.provider,
        )
        titles = titles_of(catalogue)
        newest = await file_service.page(workspace_id, Query(size=_NEWEST, unsent=Unsent.HIDDEN))
        lines = [
            file_line(answer_file(file), titles=titles, now=now, zone=shell.zone)
            for file in newest.files
        ]
        page = overview_page(shell, chosen, extent, numbers, lines)
        return Template("overview.html", context={"page": page})


def _period(
    name: str, from_date: str, to_date: str, *, extent: Extent, now: datetime, zone: str
) -> Period:
    """Return the period asked for; unasked, this month, or the newest month that has rows."""
    today = now.astimezone(ZoneInfo(zone)).date()
    if name or extent.last_event_at is None:
        return read_period(name, from_date, to_date, today=today)
    newest = extent.last_event_at.astimezone(ZoneInfo(zone)).date()
    return month_of(newest) if newest < today.replace(day=1) else month_to(today)


def _known(asked: str, known: tuple[str, ...]) -> str:
    return asked if asked in known else ""


def _first(known: tuple[str, ...]) -> str:
    return known[0] if known else ""
