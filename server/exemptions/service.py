"""Decisions on which columns are not looked through for card numbers.

A workspace whose own numbers look like card numbers would lose every file of it. Each decision is
kept, with who made it and why; each use of one stands in its file's history.
"""

import structlog

from server.access.principal import Principal
from server.audit.actions import Action
from server.audit.trail import Subject, record
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.labels import normalise
from server.errors import FieldFault, Malformed, NotFound, StateConflict
from server.exemptions.models import CardExemption
from server.exemptions.repository import add_decision, decisions, standing
from server.exemptions.schemas import ExemptionAnswer, ExemptionAsked, ExemptionPage
from server.files.answers import NextPage
from server.files.ids import new_id
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)


class CardExemptions:
    """What administrators do about exemptions; each call is one transaction."""

    def __init__(self, *, units: UnitsOfWork, catalogue: Catalogue, clock: Clock) -> None:
        self._units = units
        self._catalogue = catalogue
        self._clock = clock

    async def page(self, workspace_id: str, dataset_type: str) -> ExemptionPage:
        """Return what is exempt in the dataset, and how that came about.

        Raises:
            NotFound: no such dataset.
        """
        self._dataset(dataset_type)
        async with self._units.begin() as unit:
            now = await standing(unit, workspace_id, dataset_type)
            all_of_them = await decisions(unit, workspace_id, dataset_type)
        return ExemptionPage(
            results=[ExemptionAnswer.of(decision) for decision in now],
            history=[ExemptionAnswer.of(decision) for decision in all_of_them],
            links=NextPage(next=None),
        )

    async def grant(
        self, principal: Principal, dataset_type: str, asked: ExemptionAsked
    ) -> ExemptionAnswer:
        """Exempt a column of the dataset's files from the search.

        Raises:
            NotFound: no such dataset.
            Malformed: the column's name is blank.
            StateConflict: it is exempt already.
        """
        column = _column(self._dataset(dataset_type), asked.column)
        return await self._decide(
            principal, dataset_type, column, reason=asked.reason, is_exempt=True
        )

    async def end(self, principal: Principal, dataset_type: str, column: str) -> None:
        """Have the column looked through again.

        Raises:
            NotFound: no such dataset, or the column is not exempt.
        """
        named = _column(self._dataset(dataset_type), column)
        await self._decide(principal, dataset_type, named, reason="", is_exempt=False)

    async def _decide(
        self, principal: Principal, dataset_type: str, column: str, *, reason: str, is_exempt: bool
    ) -> ExemptionAnswer:
        decision = CardExemption(
            exemption_id=new_id(),
            workspace_id=principal.workspace_id,
            dataset_type=dataset_type,
            column_name=column,
            is_exempt=is_exempt,
            reason=reason,
            decided_by=principal.name,
            decided_at=self._clock(),
        )
        async with self._units.begin() as unit:
            now = await standing(unit, principal.workspace_id, dataset_type)
            stands = any(known.column_name == column for known in now)
            if stands and is_exempt:
                detail = f"{column} is exempt already."
                raise StateConflict(detail)
            if not stands and not is_exempt:
                detail = "That column is not exempt."
                raise NotFound(detail)
            await add_decision(unit, decision)
            done = Action.CARD_EXEMPTION_GRANTED if is_exempt else Action.CARD_EXEMPTION_ENDED
            subject = Subject("column", str(decision.exemption_id), column)
            where = {"datasetType": dataset_type}
            await record(unit, done, by=principal, to=subject, at=decision.decided_at, detail=where)
        logger.warning(
            "card-exemption.decided",
            exemption_id=str(decision.exemption_id),
            dataset=dataset_type,
            is_exempt=is_exempt,
        )
        return ExemptionAnswer.of(decision)

    def _dataset(self, name: str) -> Dataset:
        dataset = self._catalogue.get(name)
        if dataset is None:
            detail = f"There is no such dataset; known are {', '.join(self._catalogue.names())}."
            raise NotFound(detail)
        return dataset


def _column(dataset: Dataset, asked: str) -> str:
    plain = normalise(asked)
    if not plain:
        detail = "One thing is not as documented; see errors."
        raise Malformed(detail, errors=[FieldFault("/column", "required", "Name a column")])
    for column in dataset.columns:
        if plain in {normalise(spelling) for spelling in (column.name, *column.aliases)}:
            return column.name
    return plain
