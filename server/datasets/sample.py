"""Made-up rows of any declared dataset: valid, plausible, the same for the same seed.

Comes after `movements.py`, which makes up what happened, and `cells.py`, which writes it into the
columns of whatever dataset is asked for.
"""

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from server.datasets.cells import Cells, Row, types_of
from server.datasets.declaration import Dataset
from server.datasets.movements import CAPTURE, Window, movements, rounded
from server.datasets.report_sample import report_rows
from server.datasets.template import csv_text, template_csv

_FEE: Final = "fee"
# Where fees are rows of their own, every third movement has one.
_MOVEMENTS_PER_FEE: Final = 3
_FEE_RATE: Final = Decimal("0.018")

_BATCH_ROWS: Final = 500


def sample_csv(dataset: Dataset, *, rows: int, seed: int, window: Window) -> Iterator[str]:
    """Yield a file of made-up rows as CSV text: the header line, then some hundred rows a piece."""
    yield template_csv(dataset)
    made = sample_rows(dataset, rows=rows, seed=seed, window=window)
    while batch := list(islice(made, _BATCH_ROWS)):
        yield csv_text(batch)


def sample_rows(
    dataset: Dataset, *, rows: int, seed: int, window: Window, until: datetime | None = None
) -> Iterator[list[str]]:
    """Yield made-up rows in the order of time, cells in the order of the columns.

    Args:
        dataset: whose rows.
        rows: how many, 1 or more.
        seed: what they are drawn from; the keys of two seeds differ.
        window: when the movements happen.
        until: leave out what happens later; the rows before stay what they were without it. A
            report, which has to add up, is whole all the same.
    """
    if dataset.canonical is not None:
        yield from report_rows(dataset, rows=rows, seed=seed, window=window)
        return
    chance = random.Random(f"{dataset.name} of {seed}")  # noqa: S311 - made up, nothing secret
    present = until or window.ends
    cells = Cells(dataset, seed, chance, present)
    for row in islice(_told(dataset, rows, seed, window), rows):
        if row.movement.happened_at >= present:
            return
        yield cells.row(row)


def rows_of(dataset: Dataset, movement_count: int) -> int:
    """Return how many rows tell of that many movements, fees included."""
    fees = movement_count // _MOVEMENTS_PER_FEE if _FEE in types_of(dataset) else 0
    return movement_count + fees


def _told(dataset: Dataset, rows: int, seed: int, window: Window) -> Iterator[Row]:
    has_fees = _FEE in types_of(dataset)
    # The fewest movements that fill the rows.
    per = _MOVEMENTS_PER_FEE
    count = -(-rows * per // (per + 1)) if has_fees else rows
    for number, movement in enumerate(movements(count, seed=seed, window=window), start=1):
        amount = movement.amount if movement.kind == CAPTURE else -movement.amount
        yield Row(movement, movement.kind, amount)
        if has_fees and number % per == 0:
            fee = rounded(movement.amount * _FEE_RATE, movement.currency)
            yield Row(movement, _FEE, -fee)
