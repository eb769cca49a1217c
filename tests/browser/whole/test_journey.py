"""The whole way in a browser, on a whole appliance: sign in, look, send, understand, undo."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.accessibility import violations
from tests.browser.whole.faulty import choose, faulty_file
from tests.fixtures.rows import TRANSACTION, to_csv

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def rejected(page: Page, file_id: str) -> dict[int, set[tuple[str, str]]]:
    answer = page.request.get(f"/analytics/files/{file_id}/rejected-rows").json()
    return {
        row["rowNumber"]: {
            (it["column"], it["code"]) for it in row["issues"] if it["severity"] == "error"
        }
        for row in answer["results"]
    }


def hold(route: Route) -> None:
    """Leave a request without an answer."""


_PREVIEW = """async (text) => {
  const { judge, readAs } = await import("/static/js/judging.js");
  const rules = await (await fetch("/files/rules")).json();
  const dataset = rules.datasets.find((it) => it.name === "transactions");
  const head = { type: "csv", text, isWhole: true };
  return judge(readAs(dataset, head, rules), rules).rows.map((row) =>
    [row.number, row.issues.filter((it) => it.isError).map((it) => [it.column, it.code])]);
}"""


def test_a_file_is_seen_sent_understood_and_taken_back(page: Page, pictures: Path) -> None:
    data = faulty_file("seen")
    choose(page, "checkout_export.csv", data)
    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("11 of the first 130 rows would be set aside")
    expect(entry.get_by_label("Dataset")).to_have_value("transactions")
    expect(entry.locator(".faulty").first).to_be_visible()
    page.screenshot(path=pictures / "journey-1-tray.png", full_page=True)
    assert violations(page) == []
    entry.get_by_role("button", name="Send", exact=True).click()

    row = page.locator("#files tbody tr").first
    expect(row).to_contain_text("Imported, 11 rows set aside", timeout=60_000)
    row.get_by_role("link").click()

    expect(page.locator(".banner h2")).to_contain_text(
        "119 rows are on your dashboards. 11 rows were set aside."
    )
    first = page.locator(".rejected tbody tr").first
    expect(first).to_contain_text("spreadsheet line 4")
    expect(first.locator(".faulty")).to_have_text("EURO")
    expect(page.locator("#more-rejected")).to_be_hidden()
    page.get_by_role("button", name="Show 3 more").click()
    expect(page.locator("#more-rejected")).to_be_visible()
    page.screenshot(path=pictures / "journey-2-file.png", full_page=True)
    assert violations(page) == []
    file_id = page.url.rsplit("/", 1)[1]
    previewed = {
        n: {(c, k) for c, k in found} for n, found in page.evaluate(_PREVIEW, data.decode())
    }
    assert {n: found for n, found in previewed.items() if found} == rejected(page, file_id)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all 11").click()
    assert "_row_number" in download.value.path().read_text().splitlines()[0]

    page.get_by_role("button", name="Undo import…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("119 rows leave your dashboards")
    expect(dialog).to_contain_text("nothing comes in their place")
    page.screenshot(path=pictures / "journey-3-undo.png")
    assert violations(page) == []
    dialog.get_by_role("button", name="Undo import").click()
    expect(page.locator(".banner h2")).to_have_text("The import is undone.", timeout=60_000)


def test_an_undo_tells_which_rows_come_back(page: Page) -> None:
    for name, amount in (("first_transactions.csv", "10.00"), ("second_transactions.csv", "12.00")):
        rows = [
            {**TRANSACTION, "transaction_id": f"back-{number}", "amount": amount}
            for number in range(5)
        ]
        choose(page, name, to_csv(rows if amount == "12.00" else rows[:3]).encode())
        page.get_by_role("button", name="Send it").click()
        row = page.locator("#files tbody tr", has_text=name)
        expect(row).to_contain_text("Imported", timeout=60_000)
    page.get_by_role("link", name="second_transactions.csv").click()

    page.get_by_role("button", name="Undo import…").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("5 rows leave your dashboards")
    expect(dialog).to_contain_text("3 rows of earlier files come back")
    expect(dialog.locator("td", has_text="60.00")).to_be_visible()
    expect(dialog.locator("td", has_text="30.00")).to_be_visible()


def test_an_upload_in_parts_survives_its_page(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large_transactions.csv"
    path.write_bytes(faulty_file("parts", 150_000))
    small = "document.getElementById('drop').dataset.multipartFrom = 1"
    # The second part and those after it never get through on the first page.
    page.route(re.compile("partNumber=[2-9]"), hold)
    page.evaluate(small)
    page.locator("#picker").set_input_files(path)
    entry = page.locator("#entries > li")
    entry.get_by_role("button", name="Send", exact=True).click()
    with page.expect_response(re.compile("partNumber=1&")):
        pass
    entry.get_by_role("button", name="Pause").click()
    expect(entry).to_contain_text("Paused at")

    page.unroute(re.compile("partNumber=[2-9]"))
    page.goto("/files")
    expect(page.locator("#entries > li")).to_contain_text("Not all of it was sent")
    page.locator("#picker").set_input_files(path)
    entry = page.locator("#entries > li").last
    expect(entry).to_contain_text("Begun earlier: it goes on where it stopped")
    sent: list[str] = []
    page.on("request", lambda it: sent.append(it.url) if "partNumber" in it.url else None)
    entry.get_by_role("button", name="Send", exact=True).click()

    row = page.locator("#files tbody tr", has_text="large_transactions").first
    expect(row).to_contain_text("Imported, 11 rows set aside", timeout=60_000)
    assert sent
    assert not [url for url in sent if re.search(r"partNumber=1(&|$)", url)]


@pytest.mark.parametrize(
    ("name", "program"),
    [("curl", "bash"), ("python", "python3"), ("javascript", "node")],
)
def test_the_programs_of_a_datasets_page_send_a_file(
    page: Page, first_run: Path, tmp_path: Path, name: str, program: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    page.goto("/datasets/orders")
    text = page.locator(f"#snippet-{name}").text_content() or ""
    sample = page.request.get(f"/analytics/datasets/orders/sample.csv?rows=20&seed={len(name)}")
    (tmp_path / "orders.csv").write_bytes(sample.body())
    (tmp_path / "send.mjs").write_text(text)

    done = subprocess.run(
        [program, "send.mjs"],
        cwd=tmp_path,
        env={**os.environ, "TALLYDOCK_KEY": json.loads(first_run.read_text())["apiKey"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert "Completed imported" in done.stdout or '"datasetType":"orders"' in done.stdout


def test_a_file_that_somebody_else_sends_appears_in_an_open_list(
    page: Page, first_run: Path
) -> None:
    told = json.loads(first_run.read_text())
    key = {"authorization": f"Bearer {told['apiKey']}"}
    data = to_csv([{**TRANSACTION, "transaction_id": "others-1"}]).encode()
    asked = {"datasetType": "transactions", "file": {"name": "others.csv", "type": "csv"}}

    url = f"{told['url']}/analytics/files/upload"
    ticket = httpx.post(url, json=asked, headers=key).json()
    httpx.put(ticket["uploadUrl"], content=data).raise_for_status()

    row = page.locator("#files tbody tr", has_text="others.csv")
    expect(row).to_contain_text("Imported", timeout=60_000)
    expect(row).to_have_count(1)
    expect(row).not_to_have_attribute("data-live", "")


def test_check_again_says_what_stands_and_what_stays_before_it_is_done(
    page: Page, pictures: Path
) -> None:
    rows = [{**TRANSACTION, "transaction_id": f"again-{n}", "amount": "10.00"} for n in range(4)]
    choose(page, "again_transactions.csv", to_csv(rows).encode())
    page.get_by_role("button", name="Send it").click()
    row = page.locator("#files tbody tr", has_text="again_transactions.csv")
    expect(row).to_contain_text("Imported", timeout=60_000)
    row.get_by_role("link").click()

    page.get_by_role("button", name="Check again…").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4 rows of it are on your dashboards now")
    expect(dialog.locator("table")).to_contain_text("40.00")
    expect(dialog).to_contain_text("4 rows would be good and 0 set aside, as before.")
    expect(dialog).to_contain_text("If it fails, nothing changes.")
    page.screenshot(path=pictures / "journey-4-check-again.png")
    assert violations(page) == []
    dialog.get_by_role("button", name="Keep it as it is").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Check again…")).to_be_focused()
    page.get_by_role("button", name="Check again…").click()
    dialog.get_by_role("button", name="Check again", exact=True).click()
    expect(page.locator(".history")).to_contain_text("Asked to check the file again")
    expect(page.locator(".banner h2")).to_have_text(
        "4 rows are on your dashboards.", timeout=60_000
    )
