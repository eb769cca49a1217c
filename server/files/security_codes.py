"""Columns that are security codes by their values: names that may also mean something harmless.

`header.py` refuses what can be nothing else (cvv, track data). `cid` is American Express's security
code, or a customer's id; `csc` Visa's, or a cost centre: the values in the file's head tell.
"""

import csv
import io
import json
import re

from server.datasets.labels import normalise
from server.datasets.layout import Layout
from server.files.contents import Contents

_DOUBTFUL = frozenset({"cid", "csc"})
_CODE = re.compile(r"\s*[0-9]{3,4}\s*")
# Enough to tell; what a short id looks like shows in fewer.
_ROWS = 1000


def security_codes(contents: Contents, layout: Layout) -> list[str]:
    """Return the labels of doubtful columns that hold security codes and nothing else."""
    doubtful = {
        place: label for place, label in enumerate(layout.labels) if normalise(label) in _DOUBTFUL
    }
    if not doubtful:
        return []
    records = _records(contents, layout)
    found = []
    for place, label in doubtful.items():
        values = [cells[place] for cells in records if len(cells) > place and cells[place].strip()]
        if values and all(_CODE.fullmatch(value) for value in values):
            found.append(label.strip())
    return found


def _records(contents: Contents, layout: Layout) -> list[list[str]]:
    if not layout.is_positional:
        lines = contents.text.split("\n")[:_ROWS]
        return [_cells(line, layout) for line in lines]
    reader = csv.reader(io.StringIO(contents.text, newline=""), delimiter=layout.delimiter or ",")
    records: list[list[str]] = []
    try:
        for place, record in enumerate(reader):
            if place > layout.header_place:
                records.append(record)
            if len(records) == _ROWS:
                break
    except csv.Error:
        # What cannot be cut is told by who loads it.
        return records
    # The head may end within a record.
    return records if contents.is_whole else records[:-1]


def _cells(line: str, layout: Layout) -> list[str]:
    try:
        record = json.loads(line)
    except ValueError:
        return []
    found = record if isinstance(record, dict) else {}
    return [str(found.get(label) or "") for label in layout.labels]
