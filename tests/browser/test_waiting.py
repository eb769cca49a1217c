"""Slow lines, slow machines, systems that are away: nobody is left behind or left guessing."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from server.portal.standing import standing_of
from server.portal.templates import environment
from tests.browser.accessibility import violations
from tests.browser.conftest import Portal
from tests.portal.builders import FILE_ID

pytestmark = pytest.mark.browser

ROWS = {
    "results": [
        {
            "rowNumber": 17,
            "issues": [
                {
                    "code": "decimal-comma",
                    "severity": "error",
                    "column": "amount",
                    "message": "amount uses a comma",
                }
            ],
            "cells": {"amount": "12,50"},
        }
    ],
    "links": {"next": None},
}


def _held(page: Page, path: str) -> list[Route]:
    """Keep back what the page asks for there; it is in the list until somebody continues it."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(path, hold)
    return held


def test_a_download_before_the_scripts_have_come_leaves_the_page_whole(
    page: Page, portal: Portal
) -> None:
    held = _held(page, "**/js/repair.js*")
    headers = {"content-disposition": "attachment; filename=rows.csv"}
    page.route(re.compile(r"rejected-rows\.csv$"), lambda it: it.fulfill(headers=headers, body="a"))
    page.route(re.compile(r"rejected-rows\?"), lambda it: it.fulfill(json=ROWS))
    page.goto(portal.file_path, wait_until="commit")

    page.get_by_role("link", name="Download 8 rows").first.click(no_wait_after=True)
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Repair here").click(no_wait_after=True)
    assert held, "the script came before the click"
    held[0].continue_()

    expect(page.locator("#repair li:visible")).to_have_count(1)


def test_a_click_before_the_scripts_have_come_asks_when_they_have(
    page: Page, portal: Portal
) -> None:
    held = _held(page, "**/js/file.js*")
    page.goto(portal.file_path, wait_until="commit")

    page.get_by_role("button", name="Undo import…").click(no_wait_after=True)
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert held, "the script came before the click"
    held[0].continue_()

    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_fault_of_a_moment_is_not_told_to_who_repairs_rows(page: Page, portal: Portal) -> None:
    answers = iter([503, 200])

    def answer(route: Route) -> None:
        status = next(answers)
        route.fulfill(status=status, json=ROWS if status == 200 else {})

    page.route(re.compile(f"{FILE_ID}/rejected-rows\\?"), answer)
    page.goto(portal.file_path)

    page.get_by_role("link", name="Repair here").click()

    expect(page.locator("#repair li:visible")).to_have_count(1)
    expect(page.locator("#repair [data-alert]")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_away_is_told_above_the_page_and_goes_away_by_itself(
    page: Page, pictures: Path, width: int
) -> None:
    away = [("storage",), ()]
    template = environment().get_template("parts/standing.html")

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=template.render(page=standing_of(away[0])))

    page.set_viewport_size({"width": width, "height": 844})
    page.route("**/standing", answer)
    page.clock.install()
    page.goto("/datasets")

    expect(page.get_by_role("heading", name="The file storage does not answer.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="The file storage does not answer.")).to_be_in_viewport(
        ratio=1
    )
    page.screenshot(path=pictures / f"storage-away-banner-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    away.pop(0)
    page.clock.fast_forward(20_000)
    expect(page.locator("#standing")).to_be_empty()


def test_a_page_that_takes_its_time_is_waited_for_in_words_and_nothing_moves(
    page: Page, pictures: Path
) -> None:
    page.clock.install()
    page.goto("/settings/profile")
    before = page.locator("h1").bounding_box()

    # Playwright looks at nothing while a page is on its way: this is how one begins to leave.
    page.evaluate("dispatchEvent(new Event('beforeunload'))")
    page.clock.fast_forward(600)
    expect(page.get_by_text("Fetching the page")).to_be_hidden()
    page.clock.fast_forward(200)
    expect(page.get_by_text("Fetching the page")).to_be_visible()
    assert page.locator("h1").bounding_box() == before
    page.screenshot(path=pictures / "fetching.png")
    assert violations(page) == []
    page.keyboard.press("Escape")

    expect(page.get_by_text("Fetching the page")).to_be_hidden()


def test_who_is_asked_and_stays_is_not_told_that_a_page_comes(page: Page) -> None:
    page.clock.install()
    page.goto("/settings/profile")
    page.evaluate("addEventListener('beforeunload', (event) => event.preventDefault())")

    page.evaluate("dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    page.clock.fast_forward(2000)

    expect(page.get_by_text("Fetching the page")).to_be_hidden()
