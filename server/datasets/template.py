"""The empty file of a dataset: its header line, as CSV.

Comes after `declaration.py`; `sample.py` puts made-up rows below this line.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from server.datasets.declaration import Dataset


def template_csv(dataset: Dataset) -> str:
    """Return the header line of the dataset, every column in the declared order."""
    return csv_text([[column.name for column in dataset.columns]])


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as CSV text (RFC 4180, lines ended by LF)."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
