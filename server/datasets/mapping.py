"""A mapping: how the words of a team's own export become those of a dataset.

Says which label is which column (`header.py` reads that), and for every column what its text is
turned into before it is judged. Judging knows nothing of it: the reports show the cells as they
were sent, and a file without a mapping pays nothing. Saved and checked in `server/mappings/`.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Final

from server.datasets.dates import iso_text
from server.datasets.declaration import Dataset
from server.datasets.sql import array, quoted

DEFAULT_ZONE: Final = "UTC"
"""Of local times whose row names no zone, where the mapping names none either."""


@dataclass(frozen=True)
class Mapping:
    """What is said of a header, and of the texts below it. All texts are the sender's."""

    columns: Table[str, str | None] = field(default_factory=dict)
    """Label → column; None leaves the label out. Labels are compared as `header.py` does."""
    constants: Table[str, str] = field(default_factory=dict)
    """Column → the text of every row; the file need not have it, and is not asked when it does."""
    values: Table[str, Table[str, str]] = field(default_factory=dict)
    """Column → text as sent → text as judged; compared exactly, other texts stay."""
    date_formats: Table[str, tuple[str, ...]] = field(default_factory=dict)
    """Column → the only forms its texts may have (`dates.py`)."""
    zone: str | None = None
    """IANA zone of local times whose row names none."""
    zone_abbreviations: Table[str, str] = field(default_factory=dict)
    """Abbreviation → IANA zone, in the dataset's zone column."""

    def text_of(self, dataset: Dataset, column: str, text: str) -> str:
        """Return the expression of a column's text as it is judged.

        Args:
            dataset: whose column it is.
            column: its name.
            text: the expression of the cell as sent, `''` where the file has none.
        """
        if column in self.constants:
            return quoted(self.constants[column])
        words = dict(self.values.get(column, {}))
        if column == dataset.zone:
            words = {**self.zone_abbreviations, **words}
        if words:
            text = f"transform({text}, {array(words)}, {array(words.values())})"
        forms = self.date_formats.get(column)
        return iso_text(text, forms) if forms else text

    def rewords(self, column: str | None) -> bool:
        """Return whether the text that is judged may be another than the one that was sent."""
        return column in self.constants or column in self.values
