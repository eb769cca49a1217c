"""Asks of a judged file whether it adds up as its dataset says (`server/datasets/controls.py`).

Comes after the rows are staged, before anything loads; part of the verdict.
"""

from dataclasses import dataclass
from decimal import Decimal

from server.datasets.controls_sql import control_select
from server.datasets.declaration import Dataset
from worker.ingest.attempt import Attempt


@dataclass(frozen=True)
class Checked:
    """What a control found, in one currency."""

    name: str
    currency: str | None
    """None where rows are counted and not money."""
    expected: Decimal
    actual: Decimal
    is_off: bool
    fails: bool
    """True when a file that is off does not load."""
    is_count: bool = False
    """True for a number of rows, which is whole, though it is of one currency."""

    @property
    def result(self) -> str:
        """Return `ok`, `failed`, or `warning` where the file loads all the same."""
        if not self.is_off:
            return "ok"
        return "failed" if self.fails else "warning"


async def run_controls(attempt: Attempt) -> tuple[Checked, ...]:
    """Return what every control of the dataset found, in their order; one scan each."""
    found: list[Checked] = []
    dataset: Dataset = attempt.dataset
    for control in dataset.controls:
        answer = await attempt.query(control_select(control, attempt.staged))
        found += [
            Checked(
                name=control.name,
                currency=str(row["currency"]) or None,
                expected=Decimal(str(row["expected"])),
                actual=Decimal(str(row["actual"])),
                is_off=bool(row["off"]),
                fails=control.on_mismatch == "fail",
            )
            for row in answer.records()
        ]
    return tuple(found)
