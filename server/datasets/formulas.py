"""Cells that a spreadsheet would run: made harmless on their way out, and read back as they were.

The way out is the CSV of rejected rows (`server/reports/rows.py`), the way back that CSV, repaired
and sent again (`reading.py`). Source: OWASP, CSV injection.
"""

import re

from server.datasets.sql import quoted

# Of the full-width signs too: some spreadsheets fold them before they look.
_SIGNS = (
    "=+@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}"
    "\N{FULLWIDTH COMMERCIAL AT}-"
)
# A cell that has apostrophes before its sign gets one more: else the way back would take its own.
_FORMULA = re.compile(f"'*[{_SIGNS}]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def harmless(cell: str) -> str:
    """Return the cell with a `'` before what a spreadsheet would run; numbers stay numbers."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def as_meant(text: str) -> str:
    """Return the expression of a cell of such a file without the `'` that harmless put there."""
    mark = quoted(f"^'('*[{_SIGNS}])")
    return f"replaceRegexpOne({text}, {mark}, '\\\\1')"


def label_as_meant(label: str) -> str:
    """Return a label of such a file's header without it."""
    return label[1:] if label.startswith("'") and _FORMULA.match(label) else label
