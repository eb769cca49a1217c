"""Sending files from the page: dropped, sent, followed to their end, refused in words."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Portal

pytestmark = pytest.mark.browser

_DROP = """
([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/csv" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}
"""


def answer_api(page: Page, portal: Portal) -> list[tuple[str, str, str]]:
    """Answer the API as the appliance would; return what is asked of it."""
    asked: list[tuple[str, str, str]] = []
    file_id = portal.file_path.rsplit("/", 1)[1]

    def answer(route: Route, request: Request) -> None:
        path = urlsplit(request.url).path
        asked.append((request.method, path, request.post_data or ""))
        if path.endswith("/upload"):
            ticket = {
                "id": file_id,
                "uploadUrl": f"{portal.url}/bucket/key?signature=x",
                "uploadMethod": "PUT",
                "uploadHeaders": {},
            }
            route.fulfill(status=201, json=ticket)
        elif path.endswith("/events"):
            record = json.dumps({"id": file_id, "status": "Completed"})
            route.fulfill(content_type="text/event-stream", body=f"id: 1\ndata: {record}\n\n")
        else:
            route.fulfill(status=200, json={})

    page.route(re.compile(r"/(analytics|bucket)/"), answer)
    return asked


def test_a_dropped_file_is_sent_and_followed(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")

    page.evaluate(_DROP, ["checkout_orders_2026-11-22.csv.gz", "a,b\n1,2\n"])

    expect(page.locator("#files tbody tr").first).to_contain_text("Imported, 8 rows set aside")
    calls = [(method, path.rsplit("/", 1)[1]) for method, path, _ in asked]
    assert calls[:3] == [("POST", "upload"), ("PUT", "key"), ("POST", "complete")]
    assert json.loads(asked[0][2]) == {
        "datasetType": "orders",
        "file": {"name": "checkout_orders_2026-11-22.csv.gz", "type": "csv", "sizeBytes": 8},
    }
    assert asked[1][2] == "a,b\n1,2\n"


def test_a_file_goes_where_the_page_is_told(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")
    page.get_by_label("Dataset").first.select_option("settlements")

    page.locator("#picker").set_input_files(
        {"name": "x.parquet", "mimeType": "application/octet-stream", "buffer": b"PAR1"}
    )

    expect(page.locator("#files tbody tr").first).to_contain_text("set aside")
    sent = json.loads(asked[0][2])
    assert (sent["datasetType"], sent["file"]["type"]) == ("settlements", "parquet")


def test_an_empty_file_is_refused_in_place(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")

    page.evaluate(_DROP, ["empty.csv", ""])

    expect(page.locator("#files tbody tr").first).to_contain_text("The file is empty")
    assert asked == []


def test_a_refusal_of_the_appliance_is_told_in_its_words(page: Page, portal: Portal) -> None:
    answer_api(page, portal)

    def refuse(route: Route, _request: Request) -> None:
        fault = {"pointer": "/file/type", "code": "x", "detail": "This dataset does not take it."}
        route.fulfill(status=422, json={"detail": "One thing is not right.", "errors": [fault]})

    page.route(re.compile(r"/analytics/files/upload"), refuse)
    page.goto("/files")

    page.evaluate(_DROP, ["a.csv", "x"])

    expect(page.locator("#files tbody tr").first).to_contain_text("This dataset does not take it.")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#files tbody tr")).to_have_count(1)
