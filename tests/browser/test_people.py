"""People in a real browser: invited, joined, changed; all of it by keyboard where it matters."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from server.access import totp
from tests.browser.accessibility import violations
from tests.browser.community import PASSWORD
from tests.browser.conftest import Portal
from tests.portal.builders import NOW

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh(chromium: Browser, portal: Portal) -> Iterator[BrowserContext]:
    """Give a window of somebody who is not signed in."""
    with chromium.new_context(base_url=portal.url, viewport={"width": 1440, "height": 900}) as it:
        yield it


def test_a_person_is_invited_by_keyboard_joins_and_is_given_another_role(
    page: Page, fresh: BrowserContext, pictures: Path
) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Invite…").focus()
    page.keyboard.press("Enter")
    page.get_by_label("E-mail").fill("joiner@x.example")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.screenshot(path=pictures / "people-invite.png")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#link-text")).not_to_be_empty()
    link = page.locator("#link-text").text_content()
    page.screenshot(path=pictures / "people-link.png")
    assert link is not None
    page.get_by_role("button", name="I have handed it over").click()
    expect(page.locator("#link-text")).to_have_text("")

    other = fresh.new_page()
    other.goto(link)
    other.get_by_label("Your name").fill("Jo Iner")
    other.get_by_label("Password").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/")
    other.goto("/files")
    expect(other.get_by_role("link", name="Files")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="Manage… Jo Iner").click()
    dialog = page.get_by_role("dialog")
    page.screenshot(path=pictures / "people-manage.png")
    assert violations(page) == []
    dialog.get_by_label("Role").select_option("editor")
    dialog.get_by_role("button", name="Change").click()
    expect(page.get_by_role("row", name="Jo Iner")).to_contain_text("Editor")
    expect(page.get_by_role("button", name="Manage… Jo Iner")).to_be_focused()
    other.goto("/files")
    other.wait_for_url("**/sign-in?ended=1&following=/files")


def test_what_is_refused_is_told_in_the_dialog_that_asked(page: Page) -> None:
    page.goto("/settings/people")
    page.get_by_role("button", name="Manage… Nadia Keller").click()
    dialog = page.get_by_role("dialog")

    dialog.get_by_role("button", name="Keep out").click()

    expect(dialog.get_by_role("alert")).to_contain_text("This is the last administrator")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Manage… Nadia Keller")).to_be_focused()


def test_the_side_bar_switches_workspaces_by_keyboard(page: Page, pictures: Path) -> None:
    page.goto("/datasets")
    switch = page.locator("#switch summary")
    switch.focus()
    page.keyboard.press("Enter")
    page.screenshot(path=pictures / "switch.png")
    assert violations(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(switch).to_contain_text("Southwind")
    page.goto("/datasets")
    expect(page.get_by_role("link", name="People")).to_have_count(0)

    switch.click()
    page.get_by_role("button", name="Northwind Pay").click()
    expect(switch).to_contain_text("Northwind Pay")


def test_the_audit_trail_is_filtered_when_a_kind_is_chosen(page: Page) -> None:
    page.goto("/settings/audit")

    page.get_by_label("What", exact=True).select_option("key")

    page.wait_for_url("**/settings/audit?what=key")
    expect(page.locator("tbody tr").first).to_contain_text("key.")


def test_a_second_factor_is_set_up_and_its_codes_are_kept(
    fresh: BrowserContext, pictures: Path
) -> None:
    page = fresh.new_page()
    page.goto("/settings/profile")
    _sign_in(page)
    page.get_by_role("link", name="Set it up").click()
    secret = page.locator("#secret").text_content()
    assert secret is not None
    key = base64.b32decode(secret.replace(" ", ""))

    page.get_by_role("textbox", name="Code").fill(totp.code_at(key, totp.step_of(NOW)))
    page.keyboard.press("Enter")

    expect(page.locator("#codes-text")).to_contain_text("-")
    page.screenshot(path=pictures / "recovery-codes.png")
    assert violations(page) == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    page.screenshot(path=pictures / "profile-with-second-factor.png")
    page.get_by_role("button", name="Sign out").click()
    _sign_in(page)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.screenshot(path=pictures / "code.png")
    assert violations(page) == []


def _sign_in(page: Page) -> None:
    # Somebody whose session no other test uses: signing out ends it.
    page.get_by_label("E-mail").fill("tomas.berg@x.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
