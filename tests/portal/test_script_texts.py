"""What scripts say is in the catalogue too, and comes to a page in its language."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.portal import catalogues
from server.portal.catalogues import texts_of_scripts
from server.portal.script_texts import SCRIPTS, of_language
from tests.portal.test_texts import drop
from tests.texts import collected

GERMAN = """
msgid "Go on"
msgstr "Weiter"

msgctxt "a row"
msgid "Ready"
msgstr "Fertig \\"✓\\" \\\\"

msgid "%(number)s optional column"
msgid_plural "%(number)s optional columns"
msgstr[0] "%(number)s Spalte"
msgstr[1] "%(number)s Spalten"

msgid "%(name)s is sent"
msgstr "%(nmae)s ist weg"

msgid "How %(name)s is written"
msgstr "Wie %(name)r geschrieben ist"

msgid "Skip to the content"
msgstr "Zum Inhalt"
"""
POLISH = "nplurals=3; plural=n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2;"

_COMMENT = re.compile(r"/\*.*?\*/|(?:^|(?<=\s))//[^\n]*", re.DOTALL | re.MULTILINE)
_TEXT = re.compile(r"(?<![\w.])(?:_|pgettext|counted)\(\s*" + r'"(?:[^"\\]|\\.)*"(?:,\s*"[^"]*")?')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TEMPLATE = re.compile(r"`([^`]*)`")
_WORDS = re.compile(r"[A-Z][a-z]+[.…]?|.*[A-Za-z]{2,} [A-Za-z].*", re.DOTALL)
"""A word with a capital, or several."""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that translations are dropped into, with one of some texts."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    drop(tmp_path, "de", GERMAN)
    return tmp_path


def told(language: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a page in the language hands to its scripts."""
    made = of_language(language)
    assert made is not None
    return json.loads(made.code.decode().partition("speak(")[2].rpartition(");")[0])


def test_what_scripts_say_stands_in_texts() -> None:
    code = _COMMENT.sub("", (SCRIPTS / "words.js").read_text())

    left = _TEXT.sub("", code)
    outside = [*_STRING.findall(left), *_TEMPLATE.findall(left)]
    assert {it for it in outside if _WORDS.fullmatch(it)} == {"Parquet"}


def test_every_text_of_scripts_is_in_the_catalogue() -> None:
    code = "\n".join(_COMMENT.sub("", it.read_text()) for it in SCRIPTS.glob("*.js"))
    calls = _TEXT.findall(code)
    found = texts_of_scripts(SCRIPTS)

    # A text within another one's call, or put together, would be found under no name.
    written = [json.loads(f'"{_STRING.findall(call)[0]}"') for call in calls]
    assert sorted(written) == sorted(it.context or it.one for it in found)
    known = {(it.context or "", it.id) for it in collected()}
    ids = {(it.context, (it.one, it.many) if it.many else it.one) for it in found}
    assert len(ids) > 100
    assert ids - known == set()


def test_scripts_are_told_their_own_texts_only(shelf: Path) -> None:
    texts = told("de")["texts"]

    # What does not fit its text is not used here either, nor what only Python could fill in.
    assert texts == {
        "Go on": "Weiter",
        "a row\x04Ready": 'Fertig "✓" \\',
        "%(number)s optional column": ["%(number)s Spalten", "%(number)s Spalte"],
    }


def test_scripts_are_told_which_form_each_number_has(shelf: Path) -> None:
    forms = "".join(f'msgstr[{form}] "%(number)s {form}"\n' for form in range(3))
    text = 'msgid "%(number)s optional column"\nmsgid_plural "%(number)s optional columns"\n'
    drop(shelf, "pl", f'"Plural-Forms: {POLISH}\\n"\n\n{text}{forms}')

    found = told("pl")

    (texts,) = found["texts"].values()
    by_number = found["forms"]
    given = [texts[by_number[number]][-1] for number in (1, 3, 12, 22, 25, 101, 122)]
    assert "".join(given) == "0121221"


async def test_a_page_in_another_language_brings_the_texts_of_its_scripts(
    shelf: Path, reader: httpx.AsyncClient
) -> None:
    drop(shelf, "nl", 'msgid "Files"\nmsgstr "Bestanden"\n')

    german, dutch, english = [
        (await reader.get("/files", headers={"accept-language": asked})).text
        for asked in ("de", "nl", "fr")
    ]

    (address,) = re.findall(r'<script src="(/texts/[^"]+)" type="module">', german)
    assert german.index(address) < german.index("js/shell.js")
    assert "/texts/" not in english
    # Nothing of scripts is translated there.
    assert '<html lang="nl"' in dutch
    assert "/texts/" not in dutch
    answer = await reader.get(address)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text.startswith('import { speak } from "/static/js/texts.js";')


async def test_only_what_stands_under_its_own_version_is_kept(
    shelf: Path, stranger_at_portal: httpx.AsyncClient
) -> None:
    expected = {
        "/texts/de": (200, "no-cache"),
        "/texts/de?v=of-yesterday": (200, "no-cache"),
        "/texts/en": (404, "no-store"),
        "/texts/..%2f..%2fetc": (404, "no-store"),
    }

    answers = {path: await stranger_at_portal.get(path) for path in expected}

    told = {path: (it.status_code, it.headers["cache-control"]) for path, it in answers.items()}
    assert told == expected
