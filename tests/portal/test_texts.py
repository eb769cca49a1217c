"""The portal's texts: all in one catalogue, and in the reader's language where there is one."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.datasets.catalogue import Catalogue
from server.portal import catalogues
from server.portal.contexts import StandingFragment
from server.portal.figures import count
from server.portal.parts import OutageLine
from server.portal.templates import environment
from server.portal.texts import gettext, language, ngettext, pgettext, speak_for
from server.reports.rows import sentence
from tests.texts import POT, pot

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
GERMAN = """
msgid "Sign in"
msgstr "Anmelden"

msgid "%(number)s row"
msgid_plural "%(number)s rows"
msgstr[0] "%(number)s Zeile"
msgstr[1] "%(number)s Zeilen"

msgctxt "of a file"
msgid "Rows"
msgstr "Zeilen"

#, fuzzy
msgid "E-mail"
msgstr "Brief"
"""


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave English behind."""
    yield
    speak_for("")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that translations are dropped into, with one of some texts."""
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    drop(tmp_path, "de", GERMAN)
    return tmp_path


def drop(folder: Path, name: str, texts: str) -> None:
    path = folder / name / "LC_MESSAGES/portal.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + texts)


def test_the_catalogue_is_what_the_code_says() -> None:
    assert pot() == POT.read_text(), "run `make docs`"


async def test_a_page_is_in_the_language_that_was_dropped_in(
    shelf: Path, stranger_at_portal: httpx.AsyncClient
) -> None:
    asked = {"accept-language": "de-AT,de;q=0.9,en;q=0.1"}
    german = (await stranger_at_portal.get("/sign-in", headers=asked)).text
    english = (await stranger_at_portal.get("/sign-in")).text

    assert '<html lang="de"' in german
    assert "<h1>Anmelden</h1>" in german
    assert "<title>Anmelden · Tallydock</title>" in german
    # What is not translated, or only guessed at, stays as it is.
    assert "<span>E-mail</span>" in german
    assert '<html lang="en"' in english
    assert "<h1>Sign in</h1>" in english


async def test_without_a_translation_the_words_are_english_and_say_so(
    stranger_at_portal: httpx.AsyncClient,
) -> None:
    page = (await stranger_at_portal.get("/sign-in", headers={"accept-language": "fr-CA"})).text

    assert '<html lang="en" data-locale="fr"' in page
    assert "<h1>Sign in</h1>" in page


def test_a_translators_marks_stay_marks(shelf: Path) -> None:
    drop(shelf, "nl", 'msgid "What does not answer"\nmsgstr "Wat \\"zwijgt\\" & <wacht"\n')
    speak_for("nl")
    outage = OutageLine("", "", "")

    html = (
        environment().get_template("parts/standing.html").render(page=StandingFragment((outage,)))
    )

    assert 'aria-label="Wat &#34;zwijgt&#34; &amp; &lt;wacht"' in html


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("", "en"),
        ("de-DE-1996", "de"),
        ("pt-BR,pt;q=0.9", "pt-BR"),
        ("pt-PT", "en"),
        ("fr,de;q=0.5", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("en;q=0,DE;q=0.1", "de"),
        ("../../etc,\x00,*", "en"),
    ],
)
def test_the_most_wanted_language_that_there_is_is_spoken(
    shelf: Path, asked: str, spoken: str
) -> None:
    drop(shelf, "pt_BR", "")

    speak_for(asked)

    assert language() == spoken


def test_numbers_have_the_forms_of_the_language(shelf: Path) -> None:
    speak_for("de")

    forms = [
        ngettext("%(number)s row", "%(number)s rows", number) % {"number": count(number)}
        for number in (0, 1, 2)
    ]
    assert forms == ["0 Zeilen", "1 Zeile", "2 Zeilen"]
    assert pgettext("of a file", "Rows") == "Zeilen"
    assert pgettext("of a table", "Rows") == "Rows"
    assert gettext("") == ""


def test_a_language_counts_as_its_header_says(shelf: Path) -> None:
    forms = "nplurals=3; plural=n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2;"
    words = ("wiersz", "wiersze", "wierszy")
    rows = "".join(f'msgstr[{form}] "%(number)s {word}"\n' for form, word in enumerate(words))
    text = 'msgid "%(number)s row"\nmsgid_plural "%(number)s rows"\n'
    drop(shelf, "pl", f'"Plural-Forms: {forms}\\n"\n\n{text}{rows}')

    speak_for("pl")

    told = [ngettext("%(number)s row", "%(number)s rows", number) for number in (1, 3, 12, 22, 25)]
    assert [it.split()[1] for it in told] == ["wiersz", "wiersze", "wierszy", "wiersze", "wierszy"]


def test_what_is_the_matter_with_a_row_is_told_in_the_readers_language(shelf: Path) -> None:
    drop(
        shelf,
        "da",
        'msgid "%(column)s must be %(hint)s."\nmsgstr "%(column)s skal være %(hint)s."\n\n'
        'msgid "a number, %(minimum)s or more"\nmsgstr "et tal, mindst %(minimum)s"\n',
    )
    transactions = Catalogue.built_in().get("transactions")
    assert transactions is not None
    speak_for("da")

    told = sentence(transactions, "out-of-range", "amount", gettext)
    english = sentence(transactions, "out-of-range", "amount")

    assert english == "amount must be a number, 0 or more."
    assert told == "amount skal være et tal, mindst 0."


@pytest.mark.parametrize(
    ("text", "translated"),
    [
        ("Signed in as %(name)s", "Angemeldet als %(nmae)s"),
        ("Signed in as %(name)s", "Angemeldet als %(name)d"),
        ("Sign in", "100 % Anmeldung"),
        ("Sign in", "<script src='//elsewhere'></script>"),
        ("In <code>%(file)s</code>", "In <code>%(file)s"),
        ("%(column)s must be %(hint)s.", "%(Spalte)s muss %(hint)s sein."),
    ],
)
def test_a_translation_that_does_not_fit_its_text_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, translated: str
) -> None:
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    good = 'msgid "Files"\nmsgstr "Dateien"\n'
    drop(tmp_path, "de", f'{good}\nmsgid "{text}"\nmsgstr "{translated}"\n')

    speak_for("de")

    assert (gettext("Files"), gettext(text)) == ("Dateien", text)


@pytest.mark.parametrize(
    "broken",
    [
        'msgid "Sign in\n',
        "\x00 nothing of the kind",
        "msgstr[5 x",
        '"Plural-Forms: nplurals=2; plural=exit(1);\\n"\n\nmsgid "Sign in"\nmsgstr "Anmelden"\n',
        '"Plural-Forms: nplurals=2; plural=n/0;\\n"\n\nmsgid "Sign in"\nmsgstr "Anmelden"\n',
    ],
)
def test_a_catalogue_that_cannot_be_read_leaves_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path)
    drop(tmp_path, "de", broken)

    speak_for("de")

    assert (language(), gettext("Sign in")) == ("en", "Sign in")
