"""What each template receives, as the variable `page`: one frozen dataclass per template.

Everything is ready to print: formatted, in words, in the reader's zone. A template decides where
things stand, never what they say. `web/README.md` lists the templates.
"""

from dataclasses import dataclass, field

from server.portal.dataset_parts import ColumnLine, DatasetLine, Snippet
from server.portal.file_parts import (
    Fact,
    HeaderAlignment,
    IssueLine,
    RejectedRows,
    RepairForm,
    RepairLine,
    SumLine,
)
from server.portal.navigation import Entry
from server.portal.parts import (
    Action,
    Banner,
    ChartCard,
    Choice,
    Figure,
    FileLine,
    HistoryLine,
    InsteadOf,
    Option,
    OutageLine,
    Step,
    Table,
)
from server.portal.texts import gettext as _


@dataclass(frozen=True)
class PlaceLine:
    """A workspace to switch to."""

    workspace_id: str
    name: str
    role: str
    is_here: bool


@dataclass(frozen=True)
class Shell:
    """What every page with the side bar needs."""

    title: str
    """Of the browser's tab; the product's name is added."""
    place: str
    """`overview` or `files`: which entry of the navigation is lit; empty for none."""
    user: str
    """E-mail of who is signed in."""
    person: str
    """Their name, or the e-mail again."""
    initials: str
    zone: str
    """IANA zone in which days and times are shown."""
    csrf_token: str
    workspace: str
    role: str
    """What they are in the workspace, as a word within a sentence."""
    places: tuple[PlaceLine, ...]
    """Every workspace of theirs, this one too."""
    navigation: tuple[Entry, ...]
    """The pages they may open."""
    may_send: bool
    """False for who only reads: there is no place to drop files on."""


@dataclass(frozen=True)
class SignInPage:
    """`sign-in.html`."""

    email: str
    """What was typed before, so that it need not be typed again."""
    following: str
    """Path to open after signing in; always a path of ours."""
    token: str
    """Must come back with the form, beside a cookie of the same value."""
    note: str | None
    """Why the page stands there although somebody was signed in."""
    alert: str | None
    """Why the last try did not let in."""


@dataclass(frozen=True)
class OverviewPage:
    """`overview.html`."""

    shell: Shell
    sentence: str
    """The period, what it is compared with, the zone, and as of when."""
    currencies: tuple[Choice, ...]
    providers: tuple[Option, ...]
    periods: tuple[Option, ...]
    currency: str
    is_custom: bool
    """True when the two dates below are asked for."""
    from_date: str
    to_date: str
    """ISO dates; `to_date` is the last day that belongs to the period."""
    figures: tuple[Figure, ...]
    volume: ChartCard
    refunds: ChartCard
    by_provider: Table
    by_currency: Table
    newest: tuple[FileLine, ...]
    is_empty: bool
    """True when this workspace has no transactions at all."""
    notice: str | None
    """Why the period shows nothing, or None."""


@dataclass(frozen=True)
class FilesPage:
    """`files.html`."""

    shell: Shell
    files: tuple[FileLine, ...]
    dataset_filter: tuple[Option, ...]
    result_filter: tuple[Option, ...]
    days_filter: tuple[Option, ...]
    words: str
    """Looked for in the names."""
    is_filtered: bool
    unsent: str | None
    """How many were asked for and never sent, in words; they are not in the list."""
    unsent_href: str
    instead_of: InsteadOf | None
    """The file that failed and in whose place the next one is sent; None elsewhere."""
    next_href: str | None
    newer_href: str | None
    """Where to ask for what others have sent since; None on older pages."""
    largest: str
    """The largest file that is taken, in words."""
    largest_bytes: int
    multipart_from_bytes: int
    """Larger files come in parts, and can be paused and gone on with."""
    owner: str
    """Workspace and user, by which the browser keeps apart what was begun and not ended."""
    base_url: str
    """Public address, for the commands that show how to send by API."""


@dataclass(frozen=True)
class FileRowFragment:
    """`parts/row.html`: one line of the files, fetched again while the file moves on."""

    file: FileLine


@dataclass(frozen=True)
class NewerFragment:
    """`parts/newer.html`: files that arrived since, put on top of the list."""

    files: tuple[FileLine, ...]
    newer_href: str
    """Where to ask the next time."""


@dataclass(frozen=True)
class FilePage:
    """`file.html`."""

    shell: Shell
    file: FileLine
    subtitle: str
    banner: Banner
    actions: tuple[Action, ...]
    """Of the page head; those of the banner are in the banner."""
    is_being_undone: bool
    """True from the wish to undo until readers see it: the page then asks for its end."""
    figures: tuple[Figure, ...]
    steps: tuple[Step, ...]
    totals: Table | None
    controls: Table | None
    issues: tuple[IssueLine, ...]
    rejected: RejectedRows | None
    repair: RepairForm | None
    """None when no row can be repaired, or not by this reader."""
    repairs: tuple[RepairLine, ...]
    """Files that brought rows back, newest first."""
    header: HeaderAlignment | None
    """None when the header has not been looked at."""
    facts: tuple[Fact, ...]
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True)
class ConsequenceFragment:
    """`parts/consequence.html`: what an undo or another check would change, fetched when asked."""

    sentences: tuple[str, ...]
    groups: tuple[SumLine, ...]
    kept: str
    """What stays as it is."""


@dataclass(frozen=True)
class StandingFragment:
    """`parts/standing.html`: what does not answer, asked by every page now and then."""

    outages: tuple[OutageLine, ...]
    """Empty when all is well: then nothing is shown."""


@dataclass(frozen=True)
class DatasetsPage:
    """`datasets.html`."""

    shell: Shell
    datasets: tuple[DatasetLine, ...]


@dataclass(frozen=True)
class DatasetPage:
    """`dataset.html`."""

    shell: Shell
    title: str
    sentence: str
    columns: tuple[ColumnLine, ...]
    rules: tuple[Fact, ...]
    snippets: tuple[Snippet, ...]
    template_href: str
    sample_href: str


@dataclass(frozen=True)
class ErrorPage:
    """`error.html`: for browsers; programs get a problem document."""

    status: int
    title: str
    detail: str
    request_id: str
    help: str | None = None
    """Who can help, when it is not the reader."""
    way: tuple[str, str] = field(default_factory=lambda: (_("Back to the overview"), "/"))
    """Label and address of where to go on."""
