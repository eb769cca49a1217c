"""The routes under `/analytics/datasets/{datasetType}/card-exemptions`; administrators only."""

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from server.access.guards import requires
from server.access.principal import Principal
from server.access.scopes import Scope
from server.datasets.pages import BASE_PATH
from server.errors import Malformed, NotFound, StateConflict
from server.exemptions.schemas import ExemptionAnswer, ExemptionAsked, ExemptionPage
from server.exemptions.service import CardExemptions
from server.files.refusals import refusals


class CardExemptionsController(Controller):
    """Columns that are not looked through for card numbers."""

    path = f"{BASE_PATH}/{{dataset_type:str}}/card-exemptions"
    tags = ("Datasets",)
    guards = (requires(Scope.ADMIN),)

    @get(responses=refusals(NotFound), summary="List the exemptions of a dataset")
    async def list_card_exemptions(
        self,
        dataset_type: FromPath[str],
        principal: NamedDependency[Principal],
        card_exemptions: NamedDependency[CardExemptions],
    ) -> ExemptionPage:
        """Answer what is exempt in the workspace, and every decision so far."""
        return await card_exemptions.page(principal.workspace_id, dataset_type)

    @post(
        responses=refusals(Malformed, NotFound, StateConflict),
        summary="Exempt a column from the search for card numbers",
    )
    async def grant_card_exemption(
        self,
        dataset_type: FromPath[str],
        data: JSONBody[ExemptionAsked],
        principal: NamedDependency[Principal],
        card_exemptions: NamedDependency[CardExemptions],
    ) -> ExemptionAnswer:
        """Leave a column out of the search, from the next file on."""
        return await card_exemptions.grant(principal, dataset_type, data)

    @delete(
        "/{column:str}",
        responses=refusals(NotFound),
        summary="End an exemption",
    )
    async def end_card_exemption(
        self,
        dataset_type: FromPath[str],
        column: FromPath[str],
        principal: NamedDependency[Principal],
        card_exemptions: NamedDependency[CardExemptions],
    ) -> None:
        """Have a column looked through again."""
        await card_exemptions.end(principal, dataset_type, column)


controllers = (CardExemptionsController,)
