"""All SQL of exemptions."""

from sqlmodel import col, select

from server.exemptions.models import CardExemption
from server.unit_of_work import UnitOfWork


async def decisions(unit: UnitOfWork, workspace_id: str, dataset_type: str) -> list[CardExemption]:
    """Return every decision about the dataset's columns, oldest first."""
    found = await unit.session.exec(
        select(CardExemption)
        .where(
            col(CardExemption.workspace_id) == workspace_id,
            col(CardExemption.dataset_type) == dataset_type,
        )
        .order_by(col(CardExemption.exemption_id))
    )
    return list(found.all())


async def standing(unit: UnitOfWork, workspace_id: str, dataset_type: str) -> list[CardExemption]:
    """Return the decisions that exempt a column now, by column."""
    newest = {
        decision.column_name: decision
        for decision in await decisions(unit, workspace_id, dataset_type)
    }
    return [newest[name] for name in sorted(newest) if newest[name].is_exempt]


async def add_decision(unit: UnitOfWork, decision: CardExemption) -> None:
    """Write a decision."""
    unit.session.add(decision)
    await unit.session.flush()
