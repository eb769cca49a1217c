"""GET /analytics/insights and GET /analytics/insights/{panel}."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.errors import FieldFault, Malformed
from server.insights.cells import to_csv
from server.insights.panel import Filter
from server.insights.question import read_question
from server.insights.schemas import AnswerSchema, PanelLinks, PanelListSchema, PanelSchema
from server.insights.service import Insights

Moment = "A date (in `timezone`) or an RFC 3339 time. "


class InsightsController(Controller):
    """The dashboards' numbers."""

    path = "/analytics/insights"
    tags: Sequence[str] | None = ("Insights",)
    guards = (requires(Scope.INSIGHTS_READ),)

    @get(summary="List the panels")
    async def list_panels(self, insights: NamedDependency[Insights]) -> PanelListSchema:
        """Return every panel with the filters it knows."""
        return PanelListSchema(
            results=[PanelSchema.of(panel) for panel in insights.panels.values()],
            links=PanelLinks(next=None),
        )

    @get("/{panel:str}", summary="Ask a panel")
    async def ask(
        self,
        *,
        principal: NamedDependency[Principal],
        insights: NamedDependency[Insights],
        panel: FromPath[str],
        from_: Annotated[
            str | None, QueryParameter(name="from", description=Moment + "First moment inside.")
        ] = None,
        to: Annotated[
            str | None, QueryParameter(description=Moment + "First moment no longer inside.")
        ] = None,
        timezone: Annotated[
            str | None, QueryParameter(description="IANA zone that cuts the days; default UTC.")
        ] = None,
        interval: Annotated[
            str | None, QueryParameter(description="day (default), week (from Monday) or month.")
        ] = None,
        provider: Annotated[str | None, QueryParameter(description="Only this provider.")] = None,
        account: Annotated[str | None, QueryParameter(description="Only this account.")] = None,
        currency: Annotated[str | None, QueryParameter(description="Only this currency.")] = None,
        payment_method: Annotated[
            str | None, QueryParameter(name="paymentMethod", description="Only this method.")
        ] = None,
        format_: Annotated[
            str | None, QueryParameter(name="format", description="json (default) or csv.")
        ] = None,
    ) -> Response[AnswerSchema] | Response[bytes]:
        """Return the panel's rows for the period and filters; unknown filters are ignored."""
        question = read_question(
            {
                Filter.FROM: from_,
                Filter.TO: to,
                Filter.TIMEZONE: timezone,
                Filter.INTERVAL: interval,
                Filter.PROVIDER: provider,
                Filter.ACCOUNT: account,
                Filter.CURRENCY: currency,
                Filter.PAYMENT_METHOD: payment_method,
            }
        )
        if format_ not in (None, "", "json", "csv"):
            fault = FieldFault(pointer="format", code="malformed", detail="One of json, csv.")
            raise Malformed(errors=[fault])
        answer = await insights.answer(panel, question, workspace_id=principal.workspace_id)
        if format_ != "csv":
            return Response(AnswerSchema.of(answer))
        return Response(
            to_csv(answer.columns, answer.rows).encode(),
            media_type="text/csv",
            headers={
                "Content-Disposition": f'attachment; filename="tallydock-{panel}.csv"',
                "X-Content-Type-Options": "nosniff",
            },
        )


controllers: list[ControllerRouterHandler] = [InsightsController]
