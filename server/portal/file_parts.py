"""The parts only a file's page is made of: rows set aside, header alignment, what was found."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.portal.parts import Chip, Table, Tone


@dataclass(frozen=True)
class IssueLine:
    """A kind of issue in a column."""

    title: str
    code: str
    tone: Tone
    column: str
    count: str
    first: str
    """Where it is first: `17`."""


@dataclass(frozen=True)
class RejectedCell:
    """A cell as it was sent."""

    text: str
    fault: str | None
    """What is wrong with it, in words; None when nothing is."""


@dataclass(frozen=True)
class RejectedReason:
    """Why a row was set aside."""

    sentence: str
    cell: str | None
    """The cell at fault, where it stands in none of the columns shown; None elsewhere."""


@dataclass(frozen=True)
class RejectedLine:
    """A row that was set aside."""

    row: str
    place: str
    """Where a person finds it: `spreadsheet line 18`; empty where a file has no lines."""
    cells: tuple[RejectedCell, ...]
    why: tuple[RejectedReason, ...]
    since: Chip | None
    """What became of it with a file that repairs it; None while it has not come back."""


@dataclass(frozen=True)
class RejectedRows:
    """The first rows set aside, and where all of them are."""

    columns: tuple[str, ...]
    """Labels as sent: those that name the row, then those with faults."""
    lines: tuple[RejectedLine, ...]
    more: tuple[RejectedLine, ...]
    """Shown when they are asked for."""
    csv_href: str
    csv_label: str
    note: str | None
    """What to say beneath, or in the rows' place when they cannot be read now."""


@dataclass(frozen=True)
class RepairForm:
    """What `repair.js` needs to lay the rows out, as JSON, and where all of them are."""

    data: Mapping[str, object]
    download_href: str
    left: int
    """Rows that have not come back."""
    is_begun: bool
    """Whether others have."""


@dataclass(frozen=True)
class RepairLine:
    """A file that brought back rows of this one."""

    name: str
    href: str
    chip: Chip
    words: str
    """How many of its rows came in."""


@dataclass(frozen=True)
class HeaderLine:
    """How one column of the dataset, or one label of the file, was met."""

    column: str
    """Name in the dataset; empty for a label that stands for none."""
    label: str
    """As sent; empty when the file lacks the column."""
    words: str
    tone: Tone


@dataclass(frozen=True)
class HeaderAlignment:
    """The header against the dataset's columns; what needs a look first."""

    sentence: str
    found: str
    """`16 of 18 columns found`, as the steps tell it too; empty where the labels were not kept."""
    notable: tuple[HeaderLine, ...]
    matched: tuple[HeaderLine, ...]
    absent: tuple[HeaderLine, ...]
    """Columns that the header lacks and need not have; of some datasets most."""
    is_mapped: bool
    """Whether a mapping said which column a label stands for."""


@dataclass(frozen=True)
class Fact:
    """A line of what is known of the file itself."""

    label: str
    value: str
    href: str | None = None
    is_code: bool = False


@dataclass(frozen=True)
class SumLine:
    """Rows and money that go or come."""

    words: str
    table: Table
