"""Sending files from the page: dropped, sent, followed to their end, refused in words."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from server.datasets.catalogue import Catalogue
from server.datasets.template import template_csv
from tests.browser.conftest import ALL_BAD_ID, Portal

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
        if path.endswith("/mappings"):
            route.fulfill(json={"results": [], "links": {"next": None}})
            return
        asked.append((request.method, path, request.post_data or ""))
        if path.endswith("/upload"):
            ticket = {
                "id": file_id,
                "uploadUrl": f"{portal.url}/bucket/key?signature=x",
                "uploadMethod": "PUT",
                "uploadHeaders": {},
                "expiresAt": "2099-01-01T00:00:00Z",
            }
            route.fulfill(status=201, json=ticket)
        elif path.endswith("/events"):
            record = json.dumps({"id": file_id, "status": "Completed"})
            route.fulfill(content_type="text/event-stream", body=f"id: 1\ndata: {record}\n\n")
        else:
            # As every store answers a PUT.
            route.fulfill(status=200, headers={"ETag": '"e"'}, json={})

    page.route(re.compile(r"/(analytics|bucket)/"), answer)
    return asked


ORDERS = template_csv(next(it for it in Catalogue.built_in().all() if it.name == "orders"))


def test_a_dropped_file_is_looked_at_then_sent_and_followed(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")

    page.evaluate(_DROP, ["export.csv", ORDERS])

    entry = page.locator("#entries > li")
    expect(entry).to_contain_text("Header matches")
    expect(entry.get_by_label("Dataset")).to_have_value("orders")
    assert asked == [], "a byte was sent before anybody said so"
    entry.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#files tbody tr").first).to_contain_text("Imported, 8 rows set aside")
    expect(page.locator("#tray")).to_be_hidden()
    calls = [(method, path.rsplit("/", 1)[1]) for method, path, _ in asked]
    assert calls[:3] == [("POST", "upload"), ("PUT", "key"), ("POST", "complete")]
    assert json.loads(asked[0][2]) == {
        "datasetType": "orders",
        "file": {"name": "export.csv", "type": "csv", "sizeBytes": len(ORDERS)},
    }
    assert asked[1][2] == ORDERS


def test_the_file_sent_in_place_of_one_that_failed_is_linked_to_it(
    page: Page, portal: Portal
) -> None:
    asked = answer_api(page, portal)
    transactions = next(it for it in Catalogue.built_in().all() if it.name == "transactions")
    page.goto(f"/files/{ALL_BAD_ID}")
    page.get_by_role("link", name="Send it again, fixed").click()
    page.wait_for_url("/files?repairOf=*")

    page.evaluate(_DROP, ["fixed.csv", template_csv(transactions)])
    page.locator("#entries > li").get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#tray")).to_be_hidden()
    assert json.loads(asked[0][2])["options"] == {"repairOf": str(ALL_BAD_ID)}
    expect(page.locator("#instead")).to_have_count(0)


def test_a_file_goes_where_its_sender_says(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")

    page.locator("#picker").set_input_files(
        {"name": "x.parquet", "mimeType": "application/octet-stream", "buffer": b"PAR1"}
    )
    entry = page.locator("#entries > li")
    entry.get_by_label("Dataset").select_option("settlements")
    with page.expect_response(re.compile(r"/row\?new=true")):
        entry.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#tray")).to_be_hidden()
    sent = json.loads(asked[0][2])
    assert (sent["datasetType"], sent["file"]["type"]) == ("settlements", "parquet")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("empty.csv", "", "The file is empty"),
        ("report.csv", "%PDF-1.7 x", "This is a PDF document"),
        ("page.csv", "<!doctype html><p>", "This is a web page"),
        ("blank.csv", "\n\n", "The file holds blank lines only"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_place(
    page: Page, portal: Portal, name: str, text: str, words: str
) -> None:
    asked = answer_api(page, portal)
    page.goto("/files")

    page.evaluate(_DROP, [name, text])

    entry = page.locator("#entries > li")
    expect(entry).to_contain_text(words)
    expect(entry.get_by_role("button")).to_have_text(["Remove"])
    assert asked == []


def test_a_header_that_does_not_match_is_told_before_a_byte_is_sent(
    page: Page, portal: Portal
) -> None:
    answer_api(page, portal)
    page.goto("/files")

    page.evaluate(_DROP, ["orders.csv", ORDERS.replace("currency", "coin")])

    expect(page.locator("#entries > li")).to_contain_text("Header does not match: currency")
    expect(page.locator("#entries > li")).to_contain_text("Not known, will not be loaded: coin.")
    expect(page.get_by_role("button", name="Send it")).to_be_hidden()


REQUIRED = "transaction_id,transaction_type,created_at,provider_code,currency,amount\n"
COMMAS = REQUIRED + "".join(
    f't{day},Capture,2026-11-0{day}T10:00:00Z,adyen,EUR,"12,50"\n' for day in range(1, 6)
)


def test_a_file_that_would_load_nothing_is_sent_only_by_itself(page: Page, portal: Portal) -> None:
    answer_api(page, portal)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/files")

    page.evaluate(_DROP, ["transactions.csv", COMMAS])

    bad = page.locator("#entries > li").first
    expect(bad).to_contain_text("5 of the first 5 rows would be set aside")
    expect(bad).to_contain_text("At most 10 % of the rows may be set aside")
    expect(bad.locator("[data-send]")).to_have_text("Send anyway")
    expect(page.locator("#send-all")).to_be_hidden()
    expect(page.locator("#tray-title")).to_have_text("Needs a look before sending")
    # A marked cell stands behind its label, and must not reach over it.
    assert bad.locator(".faulty").first.evaluate("(it) => getComputedStyle(it).marginLeft") == "0px"
    page.evaluate(_DROP, ["transactions_none.csv", REQUIRED])
    expect(page.locator("#entries")).to_contain_text("Header matches, and no rows follow it")
    expect(page.get_by_role("button", name="Send it")).to_be_visible()
    expect(page.locator("#tray-title")).to_have_text("Ready to send")


@pytest.mark.slow
def test_a_header_that_fits_nothing_whole_is_taken_for_what_knows_most_of_it(
    page: Page, portal: Portal
) -> None:
    answer_api(page, portal)
    page.goto("/files")
    headers = {
        "transaction_id,currency,amount": "transactions",
        "transaction_id,type,created,currency,amount": "transactions",
        ORDERS.splitlines()[0]: "orders",
    }

    for labels in headers:
        page.evaluate(_DROP, ["pasted.csv", f"{labels}\n{',' * labels.count(',')}\n"])

    chosen = page.get_by_label("Dataset")
    for at, dataset in enumerate(headers.values()):
        expect(page.locator("#entries > li").nth(at).locator(chosen)).to_have_value(dataset)


@pytest.mark.slow
def test_a_mapping_says_what_it_lacks_and_can_be_let_go_of(page: Page, portal: Portal) -> None:
    answer_api(page, portal)
    gone: list[str] = []

    def keep(route: Route, request: Request) -> None:
        if request.method == "GET":
            route.fulfill(json={"results": [], "links": {"next": None}})
        elif request.method == "DELETE":
            gone.append(urlsplit(request.url).path)
            route.fulfill(status=204)
        else:
            saved = json.loads(request.post_data or "{}")
            route.fulfill(status=201, json={**saved, "id": "m1", "version": 1})

    page.route(re.compile(r"/analytics/mappings"), keep)
    page.goto("/files")
    page.evaluate(
        _DROP,
        ["transactions.csv", COMMAS.replace("amount", "ammount").replace("EUR", "Euro")],
    )
    entry = page.locator("#entries > li")
    entry.get_by_role("button", name="Map columns…").click()
    expect(entry.get_by_label("What “Euro” in currency stands for")).to_be_visible()
    entry.get_by_label("What stands for amount").select_option("")
    expect(entry).to_contain_text("Not mapped yet: amount.")

    entry.get_by_role("button", name="Save it incomplete").click()

    expect(entry).to_contain_text("Read with your mapping “transactions”.")
    expect(entry.locator("[data-send]")).to_be_focused()
    entry.get_by_role("button", name="Read it without the mapping").click()
    expect(entry).not_to_contain_text("Read with your mapping")
    entry.get_by_role("button", name="Read it with “transactions”").click()
    entry.get_by_role("button", name="Change the mapping…").click()
    entry.get_by_role("button", name="Remove the mapping…").click()
    expect(entry).to_contain_text("not recognised any more")
    assert gone == []
    entry.get_by_role("button", name="Remove it for everybody").click()
    expect(entry.get_by_role("button", name="Map columns…")).to_be_focused()
    assert gone == ["/analytics/mappings/m1"]


def test_cells_pasted_from_a_spreadsheet_are_a_file(page: Page, portal: Portal) -> None:
    answer_api(page, portal)
    page.goto("/files")

    page.evaluate(
        """(text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const event = new ClipboardEvent("paste", { clipboardData, bubbles: true });
          document.body.dispatchEvent(event);
        }""",
        ORDERS.replace(",", "\t"),
    )

    expect(page.locator("#entries > li")).to_contain_text("CSV, tab")
    expect(page.locator("#entries > li")).to_contain_text("Header matches")


def test_a_refusal_of_the_appliance_is_told_in_its_words(page: Page, portal: Portal) -> None:
    answer_api(page, portal)

    def refuse(route: Route, _request: Request) -> None:
        fault = {"pointer": "/file/type", "code": "x", "detail": "This dataset does not take it."}
        route.fulfill(status=422, json={"detail": "One thing is not right.", "errors": [fault]})

    page.route(re.compile(r"/analytics/files/upload"), refuse)
    page.goto("/files")

    page.evaluate(_DROP, ["a.csv", ORDERS])
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator("#entries > li")).to_contain_text("This dataset does not take it.")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#tray")).to_be_hidden()


def remember_an_upload(page: Page, portal: Portal) -> None:
    file_id = portal.file_path.rsplit("/", 1)[1]
    page.goto("/files")
    begun = [{"fileId": file_id, "name": "big.csv", "size": 9, "lastModified": 1, "dataset": "x"}]
    page.evaluate(
        """(begun) => localStorage.setItem(
          `tallydock-uploads:${document.getElementById("drop").dataset.owner}`,
          JSON.stringify(begun))""",
        begun,
    )


@pytest.mark.parametrize(("status", "is_kept"), [(503, True), (404, False)])
def test_an_upload_that_was_begun_is_forgotten_only_when_it_is_gone(
    page: Page, portal: Portal, status: int, is_kept: bool
) -> None:
    remember_an_upload(page, portal)
    page.route(re.compile(r"/analytics/files/"), lambda it: it.fulfill(status=status, json={}))

    page.reload()

    entries = page.locator("#entries")
    expect(entries.get_by_text("Not all of it was sent")).to_have_count(1 if is_kept else 0)
    kept = page.evaluate("Object.values(localStorage).join()")
    assert ("big.csv" in kept) == is_kept


def test_uploads_of_another_user_of_the_browser_are_not_told(page: Page, portal: Portal) -> None:
    page.goto("/files")
    page.evaluate("""localStorage.setItem("tallydock-uploads:other/user:x@x.example",
      JSON.stringify([{ fileId: "1", name: "theirs.csv", size: 9, lastModified: 1 }]))""")

    page.reload()

    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    assert "theirs.csv" not in page.content()


def test_a_put_that_fails_is_tried_again_at_the_same_url(page: Page, portal: Portal) -> None:
    asked = answer_api(page, portal)
    answers = iter([503, 400, 200])
    puts: list[str] = []

    def put(route: Route, request: Request) -> None:
        puts.append(request.url)
        route.fulfill(status=next(answers), headers={"ETag": '"e"'}, body="")

    page.route(re.compile(r"/bucket/"), put)
    page.goto("/files")
    page.evaluate(_DROP, ["a.csv", ORDERS])
    entry = page.locator("#entries > li")
    entry.get_by_role("button", name="Send", exact=True).click()
    expect(entry).to_contain_text("The storage answered 400")

    with page.expect_response(re.compile(r"/row\?new=true")):
        entry.get_by_role("button", name="Try again").click()

    expect(page.locator("#tray")).to_be_hidden()
    assert len(puts) == 3
    assert [path for _, path, _ in asked if path.endswith("/upload")] == ["/analytics/files/upload"]
