"""A team's own export is read in its own words: told once, recognised the next time."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.whole.faulty import drop

pytestmark = pytest.mark.browser

HEADER = "Vorgang;transaction type;Datum;Waehrung;ammount\r\n"


def export(prefix: str) -> bytes:
    lines = (f"{prefix}-{n};Einzug;0{1 + n % 9}.02.2025 10:00;EUR;1{n}.50" for n in range(20))
    return (HEADER + "\r\n".join(lines) + "\r\n").encode()


@pytest.mark.slow
def test_names_constants_and_words_are_told_once_and_recognised_next_time(
    page: Page, pictures: Path
) -> None:
    drop(page, "erp transactions 2025.csv", export("erp"))
    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("Header does not match")
    entry.get_by_label("Dataset").select_option("transactions")

    entry.get_by_role("button", name="Map columns…").click()
    expect(entry.get_by_label("What stands for amount")).to_have_value("ammount")
    expect(entry.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    entry.get_by_label("What stands for transaction_id").select_option("Vorgang")
    entry.get_by_label("What stands for created_at").select_option("Datum")
    entry.get_by_label("What stands for currency").select_option("Waehrung")
    entry.get_by_label("What stands for provider_code").select_option("=")
    entry.get_by_label("provider_code of every row").fill("adyen")
    entry.get_by_label("provider_code of every row").press("Tab")
    expect(entry.get_by_text("of the first 20 rows would be set aside")).to_be_visible()
    entry.get_by_label("How created_at is written").select_option("DD.MM.YYYY HH:mm")
    entry.get_by_label("What “Einzug” in transaction_type stands for").select_option("Capture")
    expect(entry.get_by_text("Header matches")).to_be_visible()
    page.screenshot(path=pictures / "mapping-1440.png", full_page=True)
    assert violations(page) == []
    entry.get_by_label("Name of the mapping").fill("Our ERP")
    entry.get_by_role("button", name="Save and use").click()
    expect(entry).to_contain_text("Read with your mapping “Our ERP”.")
    expect(entry.get_by_role("button", name="Send", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    row = page.locator("#files tbody tr", has_text="erp transactions 2025")
    expect(row).to_contain_text("Imported", timeout=60_000)
    expect(row.locator('[data-label="Rejected"]')).to_have_text("0")

    page.reload()
    page.set_viewport_size({"width": 390, "height": 844})
    drop(page, "something else.csv", export("next"))
    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("Read with your mapping “Our ERP”.")
    expect(entry.get_by_label("Dataset")).to_have_value("transactions")
    entry.get_by_role("button", name="Change the mapping…").click()
    expect(entry.get_by_label("What stands for currency")).to_have_value("Waehrung")
    page.screenshot(path=pictures / "mapping-390.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    entry.get_by_role("button", name="Leave it").click()
    entry.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#files tbody tr", has_text="something else")).to_contain_text(
        "Imported", timeout=60_000
    )


@pytest.mark.slow
def test_rows_of_a_mapped_file_are_repaired_in_its_own_words(page: Page, first_run: Path) -> None:
    told = json.loads(first_run.read_text())
    mapping = {
        "name": "Shop",
        "datasetType": "transactions",
        "columns": {"Beleg": "transaction_id", "Datum": "created_at", "Waehrung": "currency"}
        | {"ammount": "amount"},
        "constants": {"provider_code": "adyen"},
        "values": {"transaction_type": {"Einzug": "Capture"}},
        "dateFormats": {"created_at": "DD.MM.YYYY HH:mm"},
        "header": ["Beleg", "transaction type", "Datum", "Waehrung", "ammount"],
    }
    key = {"authorization": f"Bearer {told['apiKey']}"}
    httpx.post(f"{told['url']}/analytics/mappings", json=mapping, headers=key).raise_for_status()
    text = export("fixed").decode().replace("Vorgang", "Beleg").replace(";19.50", ";19,50")
    text = text.replace("Einzug", "Storno", 1)
    drop(page, "mapped.csv", text.encode())
    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("Read with your mapping “Shop”.")
    expect(entry).to_contain_text("2 of the first 20 rows would be set aside")
    entry.get_by_role("button", name="Send", exact=True).click()
    row = page.locator("#files tbody tr", has_text="mapped.csv")
    expect(row).to_contain_text("2 rows set aside", timeout=60_000)
    row.get_by_role("link").click()

    page.get_by_role("link", name="Repair here").click()
    form = page.locator("#repair")
    form.get_by_label("transaction type").fill("Einzug")
    form.get_by_label("ammount").fill("19.50")
    form.get_by_role("button", name="Send 2 rows again").click()

    expect(page.locator(".banner")).to_contain_text("every row that was set aside", timeout=60_000)
