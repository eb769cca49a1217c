"""How the pages look and behave in a browser: readable, nothing sideways, no surprises."""

import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Portal
from tests.portal.builders import FILE_ID

pytestmark = pytest.mark.browser

PLACES = {
    "overview": "/",
    "files": "/files",
    "file": f"/files/{FILE_ID}",
    "sign-in": "/sign-in",
    "not-found": "/files/nothing",
}
_WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def answer_rejected(page: Page) -> None:
    fault = {"code": "decimal-comma", "severity": "error", "column": "amount", "message": "Comma."}
    cells = {"transaction_id": "<i>7f1c", "currency": "EUR", "amount": "12,50"}
    answer = {"results": [{"rowNumber": 1204, "issues": [fault], "cells": cells}], "links": {}}
    page.route(re.compile("rejected-rows"), lambda route, _request: route.fulfill(json=answer))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("place", PLACES)
def test_pages_are_readable_and_never_scroll_sideways(
    page: Page, pictures: Path, place: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    answer_rejected(page)

    page.goto(PLACES[place], wait_until="networkidle")
    page.screenshot(path=pictures / f"{place}-{width}-{scheme}.png", full_page=True)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page, options=_WCAG).response["violations"]
    told = [(it["id"], [node["target"] for node in it["nodes"]][:3]) for it in found]
    assert told == []


def test_a_chart_has_its_table_one_click_away(page: Page) -> None:
    page.goto("/")
    card = page.locator('[data-chart="volume"]')
    expect(card.locator("canvas")).to_be_visible()
    expect(card.locator("table")).to_be_hidden()

    card.get_by_role("button", name="Table").click()

    expect(card.locator("canvas")).to_be_hidden()
    expect(card.locator("tbody tr")).to_have_count(22)


def test_the_chosen_theme_stays(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/files")

    page.locator("#theme").click()
    page.locator("#theme").click()
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 22)"


def test_the_menu_of_the_phone_closes_with_escape(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/files")
    navigation = page.get_by_role("navigation", name="Pages")
    expect(navigation).to_be_hidden()

    page.get_by_role("button", name="Menu").click()
    expect(navigation).to_be_visible()
    page.keyboard.press("Escape")

    expect(navigation).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_a_filter_is_applied_when_it_is_chosen(page: Page) -> None:
    page.goto("/")

    page.get_by_label("Provider", exact=True).select_option("adyen")

    page.wait_for_url("**/?currency=EUR&provider=adyen&period=this-month")


def test_a_custom_period_shows_its_dates(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Period").select_option("custom")

    page.get_by_label("First day").fill("2026-10-05")
    page.get_by_label("Last day").fill("2026-10-11")
    page.get_by_role("button", name="Show").click()

    expect(page.locator(".page-head p")).to_contain_text(
        "5\N{EN DASH}11 October 2026 against 28 Sep"
    )


def test_undo_is_asked_about_with_its_consequence(page: Page, portal: Portal) -> None:
    page.goto(portal.file_path)

    page.get_by_role("button", name="Undo import…").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(
        "48,104 rows leave your dashboards: 1,204,331.18 EUR (31,202 captures)"
    )
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Undo import…")).to_be_focused()


def test_the_first_rows_set_aside_are_shown_with_their_faults(page: Page, portal: Portal) -> None:
    answer_rejected(page)

    page.goto(portal.file_path)

    row = page.locator("[data-rejected] tbody tr")
    expect(row.locator("td")).to_have_text(["1,204", "<i>7f1c", "12,50", "EUR", "Comma."])
    expect(row.locator(".faulty")).to_have_text("12,50")
