"""Every template renders from its documented context, with nothing left undefined."""

import re
from hashlib import sha256

import pytest

from server.files.answers import answer_file
from server.files.history import answer_history
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.insights.service import Insights
from server.portal import contexts
from server.portal.contexts import ErrorPage, FileRowFragment, FilesPage, OverviewPage, SignInPage
from server.portal.file_lines import file_line
from server.portal.file_page import file_page
from server.portal.numbers import read_extent, read_numbers
from server.portal.overview import Asked, overview_page
from server.portal.parts import Option
from server.portal.periods import month_to
from server.portal.templates import STATIC, WEB, environment
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
            "title": "The header lacks columns",
            "detail": "Missing: amount.",
            "retryable": False,
            "missing": ["amount"],
            "suggestions": {"ammount": "amount"},
        },
    ),
    "ours": make_file(
        Stage.FAILED,
        Outcome.FAILED,
        failure={"code": "internal", "title": "Ours", "detail": "Ours.", "retryable": True},
    ),
    "never": make_file(Stage.FAILED, Outcome.NEVER_UPLOADED),
    "cancelled": make_file(Stage.FAILED, Outcome.CANCELLED, failure={}),
}


@pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
def test_a_file_in_every_state_has_a_page(file: File) -> None:
    page = file_page(
        answer_file(file),
        shell=SHELL,
        titles=TITLES,
        history=answer_history([]).results,
        now=NOW,
    )

    html = render("file.html", page)

    assert page.banner.title in html.replace("&#39;", "'")


def test_the_near_misses_of_a_header_are_told() -> None:
    page = file_page(
        answer_file(FILES["header"]),
        shell=SHELL,
        titles={},
        history=[],
        now=NOW,
    )

    assert page.banner.text == (
        "Missing: amount. Is “ammount” meant as “amount”? Add the missing columns, or name them "
        "as the dataset does. Nothing of it is on your dashboards."
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
            (Option("transactions", "Transactions"),),
            (),
            (),
            bool(files),
            next_href,
            "5 GiB",
            5 * 2**30,
            "http://localhost",
        )

        assert "Drop files anywhere on this page" in render("files.html", page)
    assert "data-live" in render("parts/row.html", FileRowFragment(lines[1]))


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
def test_the_sign_in_renders(alert: str | None) -> None:
    html = render("sign-in.html", SignInPage("a@b.c", "/files", "token", alert))

    assert ('role="alert"' in html) is (alert is not None)


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
    documented = {name for name in vars(contexts) if name.endswith(("Page", "Fragment"))}

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
    sizes = {path.name: path.stat().st_size for path in STATIC.glob("*/*") if path.is_file()}

    assert sum(sizes.values()) < 100_000
