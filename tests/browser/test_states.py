"""The states nobody likes to see, one test each: empty, refused, signed out, away, huge, slow."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.access.sessions import COOKIE
from server.datasets.catalogue import Catalogue
from server.datasets.template import template_csv
from tests.browser.accessibility import violations
from tests.browser.conftest import ALL_BAD_ID, Portal

pytestmark = pytest.mark.browser

ORDERS = template_csv(next(it for it in Catalogue.built_in().all() if it.name == "orders"))


def choose(page: Page) -> None:
    file = {"name": "orders.csv", "mimeType": "text/csv", "buffer": ORDERS.encode()}
    page.locator("#picker").set_input_files(file)  # type: ignore[arg-type]  # a TypedDict of theirs


@pytest.fixture
def look(pictures: Path) -> Callable[[Page, str], None]:
    """Give a function that keeps a picture of a state and looks for what axe finds."""

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=pictures / f"state-{name}.png", full_page=True)
        assert violations(page) == []

    return keep


def test_nothing_sent_yet(
    chromium: Browser, empty_portal: Portal, look: Callable[[Page, str], None]
) -> None:
    context = chromium.new_context(base_url=empty_portal.url)
    context.add_cookies([{"name": COOKIE, "value": empty_portal.token, "url": empty_portal.url}])
    page = context.new_page()

    page.goto("/files")
    expect(page.get_by_role("heading", name="No file has been sent yet")).to_be_visible()
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    look(page, "nothing-sent")
    page.goto("/")
    expect(page.get_by_role("heading", name="Nothing to add up yet")).to_be_visible()
    expect(page.get_by_role("link", name="Send a file")).to_be_visible()
    look(page, "nothing-to-add-up")
    context.close()


def test_no_rights_to_send_leave_a_list_to_read(
    chromium: Browser, portal: Portal, look: Callable[[Page, str], None]
) -> None:
    context = chromium.new_context(base_url=portal.url)
    context.add_cookies([{"name": COOKIE, "value": portal.viewer, "url": portal.url}])
    page = context.new_page()

    page.goto("/files")
    expect(page.locator("#files tbody tr").first).to_be_visible()
    expect(page.get_by_role("button", name="Choose files")).to_have_count(0)
    page.goto(portal.file_path)
    expect(page.locator(".banner h2")).to_be_visible()
    for name in ("Undo import…", "Check again…"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("link", name="Repair here")).to_have_count(0)
    look(page, "no-rights")
    context.close()


def test_a_session_that_ended_is_told_to_scripts_and_nothing_is_lost(
    page: Page, portal: Portal, look: Callable[[Page, str], None]
) -> None:
    page.goto("/files")
    choose(page)
    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("Header matches")
    rows = page.locator("#files tbody tr").count()
    page.context.clear_cookies()
    page.route("**/analytics/files/upload", lambda it: it.fulfill(status=401, json={}))

    entry.get_by_role("button", name="Send", exact=True).click()

    expect(entry).to_contain_text("You are signed out.")
    expect(page.locator("#signed-out")).to_be_visible()
    expect(entry.get_by_role("button", name="Try again")).to_be_visible()
    page.evaluate(
        "htmx.ajax('GET', document.querySelector('.name a').pathname + '/row',"
        " { target: '#rows tr', select: 'td' }).catch(() => null)"
    )
    page.wait_for_timeout(300)
    expect(page.locator("#files tbody tr").first).to_contain_text("set aside")
    assert page.locator("#files tbody tr").count() == rows
    look(page, "signed-out")
    page.context.add_cookies([{"name": COOKIE, "value": portal.token, "url": portal.url}])
    page.evaluate("document.querySelector('meta[name=csrf-token]').content = 'of the old session'")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#signed-out")).to_be_hidden()
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    assert token not in (None, "of the old session")


def test_what_is_not_there_says_so_and_leads_back(
    page: Page, look: Callable[[Page, str], None]
) -> None:
    answer = page.goto("/files/01936d2a-0000-7000-8000-0000000000ff")

    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("link", name="Back to the overview")).to_be_visible()
    look(page, "not-there")


def test_a_storage_that_is_away_is_waited_for_and_said(
    page: Page, portal: Portal, look: Callable[[Page, str], None]
) -> None:
    ticket = {
        "id": portal.file_path.rsplit("/", 1)[1],
        "uploadUrl": f"{portal.url}/bucket/key",
        "uploadHeaders": {},
        "expiresAt": "2099-01-01T00:00:00Z",
    }
    page.route("**/analytics/files/upload", lambda it: it.fulfill(status=201, json=ticket))
    page.route("**/analytics/mappings*", lambda it: it.fulfill(json={"results": []}))
    page.route("**/bucket/key", lambda it: it.abort())
    page.goto("/files")
    choose(page)

    page.locator("#entries > li").get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#entries > li")).to_contain_text("No bytes get through")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    look(page, "storage-away")


def test_analytics_that_are_away_leave_the_record_to_be_read(
    page: Page, portal: Portal, look: Callable[[Page, str], None]
) -> None:
    page.goto(f"/files/{ALL_BAD_ID}")

    expect(page.get_by_text("The rows cannot be read at this moment")).to_be_visible()
    expect(page.locator(".banner h2")).to_have_text("Too many rows of the file were rejected.")
    look(page, "analytics-away")


def test_a_file_of_four_million_bad_rows_is_a_small_page(page: Page) -> None:
    answer = page.goto(f"/files/{ALL_BAD_ID}")

    assert answer is not None
    assert len(answer.body()) < 40_000
    expect(page.locator(".figures").first).to_contain_text("4,000,000")
    expect(page.locator(".figures").first).to_contain_text("100.00")
    expect(page.get_by_role("link", name="Download 4,000,000 rows")).to_be_visible()
    expect(page.get_by_role("link", name="Repair here")).to_have_count(0)
    assert page.locator("tr").count() < 20


def test_what_takes_long_says_what_it_does(page: Page, portal: Portal) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/undo$"), hold)
    page.goto(portal.file_path)

    page.get_by_role("button", name="Undo import…").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Working out what would change…")
    expect(dialog.get_by_role("button", name="Undo import")).to_be_disabled()
    held[0].fulfill(body='<div class="consequence"><p>8 rows leave.</p></div>')
    expect(dialog).to_contain_text("8 rows leave.")
    expect(dialog.get_by_role("button", name="Undo import")).to_be_enabled()
