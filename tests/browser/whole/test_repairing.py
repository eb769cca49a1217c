"""Rows set aside are repaired in the page of their file, and come back as a file of their own."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.whole.faulty import drop, faulty_file
from tests.fixtures.rows import TRANSACTION, to_csv

pytestmark = pytest.mark.browser

RIGHT = {
    "currency": "EUR",
    "amount": "12.50",
    "transaction_id": "found-9",
    "created_at": "2024-03-06 10:30:00",
    "transaction_type": "Capture",
}


def send(page: Page, name: str, data: bytes) -> None:
    drop(page, name, data)
    page.locator("#entries > li").get_by_role("button", name=re.compile("^Send")).click()
    row = page.locator("#files tbody tr", has_text=name)
    expect(row).to_contain_text("set aside", timeout=60_000)
    row.get_by_role("link").click()


@pytest.mark.parametrize(
    "first_run", ["embedded", pytest.param("minio", marks=pytest.mark.slow)], indirect=True
)
def test_what_is_dropped_is_seen_repaired_sent_again_and_on_the_dashboard(
    page: Page, pictures: Path
) -> None:
    drop(page, "dropped_transactions.csv", faulty_file("fix", at="2024-03-05 10:00:00"))
    expect(page.locator("#entries > li")).to_contain_text("11 of the first 130 rows")
    page.locator("#entries > li").get_by_role("button", name="Send", exact=True).click()
    row = page.locator("#files tbody tr", has_text="dropped_transactions")
    expect(row).to_contain_text("Imported, 11 rows set aside", timeout=60_000)
    row.get_by_role("link").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 11 rows").click()
    assert len(download.value.path().read_text().splitlines()) == 12

    page.get_by_role("link", name="Repair here").click()
    form = page.locator("#repair")
    expect(form.locator("li:visible")).to_have_count(11)
    expect(form).to_contain_text("0 of 11 rows ready")
    page.screenshot(path=pictures / "repair-1440.png", full_page=True)
    assert violations(page) == []
    for label, text in RIGHT.items():
        while (faulty := form.locator(f'label:has-text("{label}") [aria-invalid="true"]')).count():
            faulty.first.fill("1" if label == "amount" else text)
    expect(form).to_contain_text("11 of 11 rows ready")
    form.get_by_role("button", name="Send 11 rows again").click()

    page.wait_for_url(re.compile(r"/files/[0-9a-f-]+$"))
    banner = page.locator(".banner")
    expect(banner).to_contain_text("every row that was set aside there has come in", timeout=60_000)
    page.screenshot(path=pictures / "repair-sent.png", full_page=True)
    page.get_by_role("link", name="Back to the repaired file").click()
    expect(page.locator(".banner")).to_contain_text("repaired files have brought them all in")
    expect(page.get_by_role("link", name="Repair here")).to_be_hidden()
    expect(page.locator("section", has_text="Repairs of this file").last).to_contain_text(
        "11 of 11 rows came in"
    )
    page.goto("/?period=custom&from=2024-03-01&to=2024-03-31&currency=EUR")
    # One of the 130 is in yen.
    expect(page.locator(".figures").first).to_contain_text("129 captures")


@pytest.mark.slow
def test_a_row_that_only_a_person_can_judge_is_sent_when_one_says_so(page: Page) -> None:
    rows = [
        {**TRANSACTION, "transaction_id": "twice", "amount": "1.00"},
        {**TRANSACTION, "transaction_id": "twice", "amount": "2.00"},
        *({**TRANSACTION, "transaction_id": f"once-{number}"} for number in range(60)),
    ]
    text = to_csv(rows) + "short,Capture\r\n"
    send(page, "twice_transactions.csv", text.encode())

    page.get_by_role("link", name="Repair here").click()
    form = page.locator("#repair")
    expect(form).to_contain_text("Another row has the same key and other content")
    expect(form).to_contain_text("The row had fewer cells than the header")
    first, second = (form.get_by_role("checkbox", name=f"Send row {it}") for it in (1, 2))
    first.check()
    second.check()
    expect(form.get_by_text("Same key twice")).to_have_count(2)
    expect(form.locator("[data-send]")).to_be_disabled()
    second.uncheck()
    form.get_by_role("button", name="Send 1 row again").click()

    expect(page.locator(".banner")).to_contain_text("1 of 3 rows set aside came in", timeout=60_000)
    page.get_by_role("link", name="Back to the repaired file").click()
    page.get_by_role("link", name="Repair here").click()
    expect(page.locator("#repair")).to_contain_text("1 row went with an earlier repair")
    expect(page.locator("#repair").get_by_role("checkbox", name="Send row 1")).to_have_count(0)


@pytest.mark.slow
def test_rows_are_repaired_by_keyboard_alone_and_all_alike_at_once(
    page: Page, pictures: Path
) -> None:
    rows = [
        {**TRANSACTION, "transaction_id": f"keys-{n}", **({"currency": "EURO"} if n < 3 else {})}
        for n in range(60)
    ]
    send(page, "keys_transactions.csv", to_csv(rows).encode())
    page.set_viewport_size({"width": 390, "height": 844})

    page.get_by_role("link", name="Repair here").focus()
    page.keyboard.press("Enter")
    field = page.locator("#repair").get_by_label("currency").first
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    page.screenshot(path=pictures / "repair-390.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    page.keyboard.press("Control+A")
    page.keyboard.type("EUR")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Same in 2 other rows")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Send 3 rows again")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".banner")).to_contain_text("every row that was set aside", timeout=60_000)
