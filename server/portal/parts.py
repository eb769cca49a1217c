"""The parts pages are made of; each is drawn by one macro in `web/templates/parts/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.access.scopes import Scope


class Tone(StrEnum):
    """What a colour means; there is always a word beside it."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    QUIET = "quiet"


@dataclass(frozen=True)
class Option:
    """One entry of a select."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Choice:
    """One segment of a switch; a link."""

    label: str
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class Chip:
    """A state: a dot and its words."""

    tone: Tone
    words: str


@dataclass(frozen=True)
class Progress:
    """A bar with words beneath."""

    done: int
    whole: int | None
    """None when nobody knows how much there is."""
    words: str


@dataclass(frozen=True)
class FileLine:
    """A file in a list."""

    file_id: str
    href: str
    name: str
    dataset: str
    """The dataset's title."""
    sender: str
    chip: Chip
    progress: Progress | None
    """Set while the file is worked on; then it stands in the chip's place."""
    rows: str
    rejected: str
    size: str
    sent: str
    """Short: `09:41`, `Yesterday`, `3 Nov`."""
    sent_at: str
    """RFC 3339, for `<time>`."""
    is_final: bool
    """False while the page should follow its events."""


@dataclass(frozen=True)
class Spark:
    """A small line without axes: the points of an SVG of 100 by 32 units."""

    line: str
    area: str


@dataclass(frozen=True)
class Figure:
    """A number, its label and what it is made of."""

    label: str
    value: str
    detail: str
    change: str | None = None
    """Against the period before: `▲ 6.2 %`."""
    change_words: str | None = None
    """The same for who cannot see the arrow: `up 6.2 %`."""
    spark: Spark | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of a table, as text."""

    text: str
    share: float | None = None
    """0 to 100: drawn as a bar instead of the text, which is read aloud."""
    slot: int | None = None
    """The series colour shown before the text."""


@dataclass(frozen=True)
class Table:
    """Columns and rows; `numeric` columns are aligned right."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Legend:
    """A series and its colour, 1 to 6; 6 is Other."""

    label: str
    slot: int


@dataclass(frozen=True)
class ChartCard:
    """A chart, and the same as a table."""

    chart_id: str
    title: str
    csv_href: str
    summary: str
    """The chart in one sentence, for who cannot see it."""
    legend: tuple[Legend, ...]
    data: Mapping[str, object]
    """JSON that `charts.js` draws: kind, currency, labels, grids with series."""
    table: Table


@dataclass(frozen=True)
class Action:
    """A button: a link, or a call of the API after a question."""

    label: str
    href: str
    is_post: bool = False
    is_main: bool = False
    question: str | None = None
    """What follows, in rows and money; asked before the call is made."""
    confirm: str | None = None
    """The word on the button that does it."""
    consequence_href: str | None = None
    """Where the exact consequence is read, once somebody asks."""
    needs: Scope | None = None
    """Without it the button is not shown."""
    is_download: bool = False
    """True when a file comes instead of a page. Told to the browser, which else begins to leave
    the page, and so gives up scripts that have not come yet, whatever the answer then is."""


@dataclass(frozen=True)
class Banner:
    """What is true now, then what to do, then at most two actions."""

    tone: Tone
    title: str
    text: str
    code: str | None
    actions: tuple[Action, ...] = ()
    progress: Progress | None = None
    detail: str = ""
    """What the API says of the failure beyond its title; before the text."""


@dataclass(frozen=True)
class Step:
    """A station of a file's way; `state` is done, now, todo or failed."""

    title: str
    detail: str
    state: str


@dataclass(frozen=True)
class HistoryLine:
    """One change in a file's life."""

    at: str
    at_iso: str
    what: str
    who: str


@dataclass(frozen=True)
class OutageLine:
    """A system that does not answer, and what that means for who uses the portal."""

    title: str
    works: str
    """Empty when it is not the only one: what works without one need not work without two."""
    waits: str


@dataclass(frozen=True)
class InsteadOf:
    """A file that failed, on the way to sending it again."""

    file_id: str
    name: str
    dataset_type: str
