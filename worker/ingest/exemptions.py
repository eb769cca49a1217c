"""Leaves columns out of the search for card numbers where the workspace's administrators say so."""

from dataclasses import replace

from server.datasets.labels import normalise
from server.exemptions.repository import standing
from worker.ingest.attempt import Attempt
from worker.ingest.inspect import Inspection


async def with_exemptions(attempt: Attempt, inspection: Inspection) -> Inspection:
    """Return the inspection, told of the labels of this file that are exempt."""
    claim = attempt.claim
    async with attempt.context.units.begin() as unit:
        found = await standing(unit, claim.workspace_id, claim.dataset_type)
    names = {exemption.column_name for exemption in found}
    layout = inspection.layout
    exempt = frozenset(
        label
        for label, column in zip(layout.labels, layout.columns, strict=True)
        if (column or normalise(label)) in names
    )
    return replace(inspection, layout=replace(layout, exempt=exempt)) if exempt else inspection
