"""Every template renders from its documented context, with nothing left undefined."""

import gzip
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest

from server.access.scopes import ALL_SCOPES
from server.datasets.catalogue import Catalogue
from server.datasets.mapping import Mapping
from server.files.answers import answer_file
from server.files.failures import FAILURES, FailureCode
from server.files.history import answer_history
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.files.undo_preview import UndoPreview
from server.insights.service import Insights
from server.portal import contexts, people_contexts
from server.portal.consequence import consequence_of
from server.portal.contexts import (
    ErrorPage,
    FilePage,
    FileRowFragment,
    FilesPage,
    OverviewPage,
    SignInPage,
)
from server.portal.file_lines import file_line
from server.portal.file_page import file_page
from server.portal.file_parts import RejectedCell, RejectedReason
from server.portal.numbers import read_extent, read_numbers
from server.portal.overview import Asked, overview_page
from server.portal.parts import InsteadOf
from server.portal.periods import month_to
from server.portal.rejected import rejected_rows
from server.portal.repairs import Family
from server.portal.templates import STATIC, WEB, environment
from server.reports.consequence import Consequence, Sum
from server.reports.rows import RowIssue, RowReport
from tests.portal.builders import (
    ISSUE,
    NOW,
    SHELL,
    STATISTICS,
    TITLES,
    CannedInsights,
    NoInsights,
    make_file,
)

TRANSACTIONS = Catalogue.built_in().get("transactions")
REJECTED = RowReport(
    17,
    (RowIssue("decimal-comma", "error", "amount", "amount uses a comma"),),
    {"transaction_id": "a", "amount": "12,50", "_extra_1": "more"},
)


def render(template: str, page: object) -> str:
    return environment().get_template(template).render(page=page)


async def overview(insights: Insights) -> OverviewPage:
    extent = await read_extent(insights, "ours")
    asked = Asked(month_to(NOW.date()), extent.currencies[0] if extent.currencies else "", "")
    numbers = await read_numbers(
        insights, "ours", asked.period, zone="Europe/Berlin", currency=asked.currency, provider=""
    )
    line = file_line(
        answer_file(make_file(Stage.QUEUED)), titles=TITLES, now=NOW, zone="Europe/Berlin"
    )
    return overview_page(SHELL, asked, extent, numbers, [line])


def page_of(file: File, rejected: Sequence[RowReport] | None = ()) -> FilePage:
    return file_page(
        file,
        shell=SHELL,
        titles=TITLES,
        dataset=TRANSACTIONS,
        history=[],
        rejected=rejected,
        family=Family(may_send=True),
        now=NOW,
        scopes=ALL_SCOPES,
    )


def sums(*rows: int) -> tuple[Sum, ...]:
    return tuple(Sum("EUR", "Capture", count, Decimal("12.50")) for count in rows)


FILES = {
    "awaiting": make_file(Stage.AWAITING_UPLOAD),
    "loading": make_file(
        Stage.LOADING,
        progress={"bytesDone": 7_000_000, "bytesTotal": 11_800_000, "rowsDone": 2_561_000},
    ),
    "imported": make_file(Stage.COMPLETED, Outcome.IMPORTED, statistics=STATISTICS),
    "rejections": make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED_WITH_REJECTIONS,
        statistics=STATISTICS,
        issues=[ISSUE],
        header={"matched": ["amount"], "missing": [], "unknown": ["shop"], "ignored": []},
        tags={"batch": "412"},
    ),
    "duplicate": make_file(Stage.COMPLETED, Outcome.DUPLICATE),
    "dry run": make_file(Stage.COMPLETED, Outcome.DRY_RUN, statistics=STATISTICS),
    "undone": make_file(Stage.COMPLETED, Outcome.UNDONE, undone_at=NOW),
    "header": make_file(
        Stage.FAILED,
        Outcome.FAILED,
        failure={
            "code": "header-mismatch",
            "title": FAILURES[FailureCode.HEADER_MISMATCH].title,
            "detail": "Missing: amount.",
            "retryable": False,
            "missing": ["amount"],
            "suggestions": {"ammount": "amount"},
        },
    ),
    "ours": make_file(
        Stage.FAILED,
        Outcome.FAILED,
        failure={
            "code": "internal",
            "title": FAILURES[FailureCode.INTERNAL].title,
            "detail": "Ours.",
            "retryable": True,
        },
    ),
    "never": make_file(Stage.FAILED, Outcome.NEVER_UPLOADED),
    "cancelled": make_file(Stage.FAILED, Outcome.CANCELLED, failure={}),
}

PARENT = FILES["rejections"]


@pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
def test_a_file_in_every_state_has_a_page(file: File) -> None:
    page = file_page(
        file,
        shell=SHELL,
        titles=TITLES,
        dataset=TRANSACTIONS,
        history=answer_history([]).results,
        rejected=[REJECTED],
        family=Family(answer_file(PARENT), (answer_file(file),), may_send=True),
        now=NOW,
        scopes=ALL_SCOPES,
    )

    html = render("file.html", page)

    assert page.banner.title in html.replace("&#39;", "'")


def test_the_near_misses_of_a_header_are_told() -> None:
    page = page_of(FILES["header"])

    assert page.banner.detail == "Missing: amount."
    assert page.banner.text == (
        "Is “ammount” meant as “amount”? Add the missing columns, name them as the dataset does, "
        "or map your own names to its columns when you send the file. Nothing of it is on your "
        "dashboards."
    )
    assert page.file.chip.words == "Header does not match: amount"


def test_the_list_of_files_renders() -> None:
    lines = tuple(
        file_line(answer_file(file), titles=TITLES, now=NOW, zone="UTC") for file in FILES.values()
    )
    for files, next_href in ((lines, "/files?after=x"), ((), None)):
        page = FilesPage(
            SHELL,
            files,
            (),
            (),
            (),
            "",
            bool(files),
            None if files else "2 files asked for and not sent",
            "/files?result=unsent",
            InsteadOf("1", "failed.csv", "transactions") if files else None,
            next_href,
            "/files/newer",
            "5 GiB",
            5 * 2**30,
            100_000_000,
            "ours/user:nadia@example.com",
            "http://localhost",
        )

        assert "Drop files anywhere on this page" in render("files.html", page)
    assert "data-live" in render("parts/row.html", FileRowFragment(lines[1]))


def test_the_cells_at_fault_are_marked_where_a_spreadsheet_shows_them() -> None:
    fault = RowIssue("decimal-comma", "error", "amount", "amount uses a comma")
    cells = {"Amount ": "12,50", "currency": "EUR", "transaction-id": "a", "shop": "7"}
    rows = [RowReport(number, (fault,), cells) for number in (17, *range(100, 120))]

    shown = page_of(FILES["rejections"], rows).rejected

    assert shown is not None
    assert shown.columns == ("transaction-id", "Amount ", "currency", "shop")
    assert (shown.lines[0].row, shown.lines[0].place) == ("17", "spreadsheet line 18")
    assert [cell.fault for cell in shown.lines[0].cells] == [None, fault.message, None, None]
    assert (len(shown.lines), len(shown.more)) == (8, 13)
    html = render("file.html", page_of(FILES["rejections"], rows))
    assert '<span class="cell faulty" title="amount uses a comma">12,50</span>' in html


def test_rows_that_cannot_be_read_now_leave_the_page_as_it_is() -> None:
    shown = page_of(FILES["rejections"], None).rejected

    assert shown is not None
    assert "cannot be read at this moment" in (shown.note or "")
    assert page_of(FILES["rejections"], ()).rejected is None


def test_a_header_is_told_with_what_needs_a_look_first() -> None:
    file = make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED,
        statistics=STATISTICS,
        labels=["Transaction ID", "ammount", "_issues"],
    )

    header = page_of(file).header

    assert header is not None
    assert header.sentence == "1 of 18 columns found."
    told = {(line.column, line.label): line.words for line in header.notable}
    assert told["amount", "ammount"] == "Named otherwise?"
    assert told["", "ammount"] == "Not known, not loaded"
    assert told["", "_issues"] == "Of our report, ignored"
    assert "Not in the file, left empty" in {line.words for line in header.absent}


@pytest.mark.parametrize(
    ("preview", "sentence"),
    [
        (UndoPreview(Consequence(sums(3, 4), sums(2)), None), "7 rows leave your dashboards"),
        (UndoPreview(Consequence(sums(3), ()), None), "nothing comes in their place"),
        (UndoPreview(Consequence((), ()), None), "Nothing changes there"),
        (UndoPreview(Consequence(sums(3), ()), "again.csv"), "again.csv holds the same bytes"),
    ],
)
def test_the_consequence_of_an_undo_is_told_in_rows_and_money(
    preview: UndoPreview, sentence: str
) -> None:
    html = render("parts/consequence.html", consequence_of(preview))

    assert sentence in html
    assert ("12.50" in html) is (preview.heir is None and bool(preview.consequence.leaving))


def test_the_consequence_says_nothing_of_money_that_a_dataset_has_not() -> None:
    rates = (Sum("EUR", "", 3, None), Sum("USD", "", 2, None))

    html = render(
        "parts/consequence.html", consequence_of(UndoPreview(Consequence(rates, ()), None))
    )

    assert "5 rows leave your dashboards" in html
    assert "Amount" not in html
    assert "0.00" not in html


async def test_the_overview_renders_with_numbers() -> None:
    page = await overview(CannedInsights())

    html = render("overview.html", page)

    assert [figure.label for figure in page.figures] == [
        "Captured volume",
        "Refund rate",
        "Refunded",
        "Average capture",
    ]
    assert page.figures[0].value == "€\N{NO-BREAK SPACE}19,811.00"
    assert page.figures[1].detail == "22 of 660"
    assert page.sentence == (
        "1\N{EN DASH}22 November 2026 against 1\N{EN DASH}22 October 2026 "
        "· days in Europe/Berlin · as of 09:42"
    )
    assert "Currencies, side by side" in html


async def test_the_overview_of_a_new_workspace_says_what_to_do() -> None:
    html = render("overview.html", await overview(NoInsights()))

    assert "Nothing to add up yet" in html
    assert "echarts" not in html


@pytest.mark.parametrize("alert", [None, "E-mail and password do not fit together."])
@pytest.mark.parametrize("note", [None, "Your session has ended."])
def test_the_sign_in_renders(note: str | None, alert: str | None) -> None:
    html = render("sign-in.html", SignInPage("a@b.c", "/files", "token", note, alert))

    assert ('role="alert"' in html) is (alert is not None)
    assert ('role="status"' in html) is (note is not None)


def test_the_error_page_renders() -> None:
    assert "404" in render("error.html", ErrorPage(404, "Not here", "Go back.", "abc"))


def test_no_template_has_inline_scripts_or_styles() -> None:
    for path in (WEB / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path.name
        scripts = re.findall(r"<script[^>]*>", text)
        assert all("src=" in tag or "application/json" in tag for tag in scripts), path.name


def test_the_readme_names_every_template_and_its_context() -> None:
    readme = (WEB / "README.md").read_text()
    pages = {path.name for path in (WEB / "templates").glob("*.html")} - {"base.html", "shell.html"}
    declared = {**vars(contexts), **vars(people_contexts)}
    documented = {name for name in declared if name.endswith(("Page", "Fragment"))}

    assert {name for name in pages if f"`{name}`" not in readme} == set()
    assert {name for name in documented if f"`{name}`" not in readme} == set()


def test_vendored_files_are_those_of_the_lists() -> None:
    vendor = STATIC / "vendor"
    lists = list(vendor.rglob("SHA256SUMS"))
    listed = {
        (path.parent / name).relative_to(vendor): digest
        for path in lists
        for digest, name in (line.split(maxsplit=1) for line in path.read_text().splitlines())
    }

    found = {
        path.relative_to(vendor): sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }

    assert found == listed


def test_pages_and_scripts_are_small() -> None:
    sent = [gzip.compress(path.read_bytes()) for path in STATIC.glob("*/*") if path.is_file()]

    assert sum(len(it) for it in sent) < 80_000


def test_cells_at_fault_are_marked_under_the_labels_of_a_mapping() -> None:
    fault = RowIssue("decimal-comma", "error", "amount", "amount uses a comma.")
    row = RowReport(3, (fault,), {"Betrag": "12,50", "Vorgang": "t-3"})
    mapping = Mapping(columns={"Betrag": "amount", "Vorgang": "transaction_id"})

    shown = rejected_rows(answer_file(FILES["rejections"]), TRANSACTIONS, [row], mapping)

    assert shown is not None
    cells = dict(zip(shown.columns, shown.lines[0].cells, strict=True))
    assert cells == {
        "Betrag": RejectedCell("12,50", "amount uses a comma."),
        "Vorgang": RejectedCell("t-3", None),
    }


def test_a_cell_at_fault_that_has_no_column_of_its_own_stands_beside_the_reason() -> None:
    shown = ["provider_code", "transaction_id", "amount", "currency", "created_at"]
    cells = {name: f"bad {name}" for name in [*shown, "timezone"]}
    # The time zone is the last of the faults, and the table has room for five columns.
    several = tuple(
        RowIssue("type-error", "error", name, f"{name} is wrong.") for name in shown[2:]
    )
    rows = [
        RowReport(1, several, cells),
        RowReport(2, (RowIssue("timezone-unknown", "error", "timezone", "No zone."),), cells),
    ]

    found = rejected_rows(answer_file(FILES["rejections"]), TRANSACTIONS, rows)

    assert found is not None
    assert "timezone" not in found.columns
    assert [reason.cell for reason in found.lines[0].why] == [None] * 3
    assert found.lines[1].why == (RejectedReason("No zone.", "bad timezone"),)
    page = replace(page_of(FILES["rejections"]), rejected=found)
    assert '<span class="cell faulty" title="bad timezone">' in render("file.html", page)


def test_what_pages_ask_by_themselves_says_so() -> None:
    asks = re.compile(r"<[^>]*hx-trigger=\"[^\"]*(?:every|sse:)[^>]*>", re.DOTALL)
    pages = [path.read_text() for path in (WEB / "templates").rglob("*.html")]
    found = [tag for page in pages for tag in asks.findall(page)]

    assert found
    assert [tag for tag in found if "{{ unattended() }}" not in tag] == []


def test_what_scripts_say_stands_in_one_place() -> None:
    sentence = re.compile(r"""["`]([^"`\n]*[A-Z][a-z]+ [a-z][^"`\n]*)["`]""")
    found = {}
    for path in (STATIC / "js").glob("*.js"):
        text = re.sub(r"/\*.*?\*/|(?m:^|(?<=\s))//[^\n]*", "", path.read_text(), flags=re.DOTALL)
        if path.name != "words.js" and (said := sentence.findall(text)):
            found[path.name] = said

    assert found == {}


def test_what_comes_as_a_file_does_not_begin_to_leave_the_page() -> None:
    html = render("file.html", page_of(FILES["rejections"]))

    downloads = re.findall(r'<a [^>]*href="[^"]*(?:original|rejected-rows\.csv)"[^>]*>', html)
    assert len(downloads) > 1
    assert all(" download" in tag for tag in downloads)
