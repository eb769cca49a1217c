"""What scripts say in another language than English: its forms, and not a word of English left."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from server.access.sessions import COOKIE
from server.datasets.catalogue import Catalogue
from server.portal import catalogues
from tests.browser.accessibility import violations
from tests.browser.conftest import Portal
from tests.browser.test_sending import _DROP, ORDERS, answer_api
from tests.browser.test_waiting import ROWS
from tests.portal.pseudo import PSEUDO, untranslated, write_pseudo
from tests.portal.test_script_texts import POLISH
from tests.portal.test_texts import drop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_SAYING = """async () => {
  const words = await import("/static/js/words.js");
  const asked = [[["a", "a", "a", "a"]], [{ sent: 1e6, size: 9e6, speed: 1e5 }], [2, 8], [1, 1]];
  const said = [...[9, 900, 9000].map(words.timeLeft), ...[1, 12345, 1e7, 1e10].map(words.bytes)];
  const take = (it) => {
    if (typeof it === "string") said.push(it);
    else if (typeof it !== "function") Object.values(it).forEach(take);
    else for (const values of asked) try { take(it(...values)); } catch { /* It takes others. */ }
  };
  const { said: all, encodings, delimiters, fileTypes } = words;
  [all, encodings, delimiters, fileTypes].forEach(take);
  return said;
}"""


def bare(place: Locator, data: Iterable[str] = ()) -> list[str]:
    """Return what is read in a place, as scripts have made it, and in no catalogue."""
    return untranslated(place.evaluate("(it) => it.outerHTML"), data)


FILES = {
    "at_fault.csv": f"{ORDERS}\r\nadyen,main,,r1,,2026-11-03,UTC,coins,'12,5,,,,,,\r\n",
    "foreign.csv": ORDERS.replace("currency", "coin"),
    "report.csv": "%PDF-",
    "line.jsonl": "{nothing",
}
CELLS = ("coins", "coin", "adyen", "UTF-8")
PEOPLE = ("new.colleague@x.example", "Ruth Oyelaran")


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let pages be asked for in the pseudo-language, and in one of three forms."""
    folder = tmp_path_factory.mktemp("locales")
    write_pseudo(folder)
    forms = "".join(f'msgstr[{form}] "%(number)s {form}"\n' for form in range(3))
    text = 'msgid "%(number)s optional column"\nmsgid_plural "%(number)s optional columns"\n'
    drop(folder, "pl", f'"Plural-Forms: {POLISH}\\n"\n\n{text}{forms}')
    millions = "nplurals=3; plural=n==1 ? 0 : n!=0 && n%1000000==0 ? 1 : 2;"
    drop(folder, "es", f'"Plural-Forms: {millions}\\n"\n\n{text}{forms}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogues, "FOLDER", folder)
        yield


@pytest.fixture
def context(chromium: Browser, portal: Portal, languages: None) -> Iterator[BrowserContext]:
    """Open a signed-in window in the pseudo-language."""
    context = chromium.new_context(
        base_url=portal.url,
        viewport={"width": 1440, "height": 900},
        extra_http_headers={"accept-language": PSEUDO},
    )
    context.add_cookies([{"name": COOKIE, "value": portal.token, "url": portal.url}])
    yield context
    context.close()


def test_no_text_of_scripts_is_english_in_another_language(page: Page) -> None:
    page.goto("/datasets")

    said = page.evaluate(_SAYING)

    assert len(said) > 200
    # Among them what stands in a text's places when it is asked with values of another kind.
    names = ("a", "UTF-8", "UTF-16", "TSV", "Parquet", "camt.053")
    wrong = ("undefined", "NaN", "object Object")
    assert {it for it in said if untranslated(escape(it), [*names, *wrong])} == set()


@pytest.mark.parametrize(
    ("language", "numbers", "forms"),
    [
        (
            "pl",
            [0, 1, 2, 5, 12, 22, 100, 101, 102, 112, 122, 200, 201, 1_000_002],
            "20122122121221",
        ),
        (
            "es",
            [0, 1, 2, 100, 101, 199, 200, 201, 1000, 10**6, 10**6 + 1, 3 * 10**6],
            "202222222121",
        ),
    ],
)
def test_numbers_have_the_form_that_the_language_has_for_them(
    page: Page, language: str, numbers: list[int], forms: str
) -> None:
    page.set_extra_http_headers({"accept-language": language})
    page.goto("/datasets")

    told = page.evaluate(
        """async (numbers) => {
          const { said } = await import("/static/js/words.js");
          return numbers.map((number) => said.optionalColumns(number).at(-1));
        }""",
        numbers,
    )

    assert "".join(told) == forms


def test_what_scripts_show_of_files_is_in_the_readers_language(
    page: Page, portal: Portal, pictures: Path
) -> None:
    answer_api(page, portal)
    page.goto("/files")
    tray, entry = page.locator("#tray"), page.locator("#entries > li")
    catalogue = Catalogue.built_in()
    columns = [it.name for dataset in catalogue.all() for it in dataset.columns]
    data = [*columns, *FILES, *CELLS]
    told = []

    for name, text in FILES.items():
        page.evaluate(_DROP, [name, text])
    expect(entry).to_have_count(4)
    expect(entry.locator(".chip.info")).to_have_count(0)
    page.screenshot(path=pictures / "pseudo-files-1440.png", full_page=True)
    told.append(bare(tray, data))
    entry.nth(1).locator("[data-map]").click()
    expect(entry.nth(1).locator("[data-mapping] select").first).to_be_visible()
    page.screenshot(path=pictures / "pseudo-mapping-1440.png", full_page=True)
    assert violations(page) == []
    told.append(bare(tray, data))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=pictures / "pseudo-mapping-390.png", full_page=True)

    page.route(re.compile(r"rejected-rows\?"), lambda it: it.fulfill(json=ROWS))
    page.goto(f"{portal.file_path}#repair")
    expect(page.locator("#repair li:visible")).to_have_count(1)
    told.append(bare(page.locator("#repair"), data))

    assert told == [[]] * 3


@pytest.mark.parametrize(("asked", "marks"), [(PSEUDO, "en"), ("en", None)])
def test_what_the_api_says_is_english_and_says_so_elsewhere(
    page: Page, asked: str, marks: str | None
) -> None:
    page.set_extra_http_headers({"accept-language": asked})
    page.route(
        re.compile(r"/analytics/keys"),
        lambda it: it.fulfill(status=422, json={"detail": "One thing is not right."}),
    )
    page.goto("/settings")
    page.locator("[data-rotate]").first.click()

    page.locator("#ask-key [data-confirm]").click()

    alert = page.locator("#ask-key [data-alert]")
    expect(alert).to_have_text("One thing is not right.")
    assert alert.get_attribute("lang") == marks


def test_what_scripts_ask_of_keys_and_people_is_in_the_readers_language(page: Page) -> None:
    told = []
    for path, openers in {
        "/settings": ("[data-rotate]", "[data-revoke]"),
        "/settings/people": ("[data-withdraw]", "[data-manage]"),
    }.items():
        page.goto(path)
        for opener in openers:
            page.locator(opener).first.click()
            told.append(bare(page.locator("dialog[open]"), ("shop", *PEOPLE)))
            page.keyboard.press("Escape")

    assert told == [[]] * 4


def test_an_english_page_has_english_scripts(page: Page) -> None:
    page.set_extra_http_headers({"accept-language": "de"})
    asked: list[str] = []
    page.on("request", lambda it: asked.append(it.url))

    page.goto("/datasets")

    expect(page.get_by_role("button", name="Theme: system. Change")).to_be_visible()
    assert [it for it in asked if "/texts/" in it] == []


def test_texts_that_do_not_arrive_leave_english(page: Page) -> None:
    page.route("**/texts/*", lambda it: it.abort())

    page.goto("/datasets")

    expect(page.get_by_role("button", name="Theme: system. Change")).to_be_visible()
