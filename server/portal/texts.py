"""The texts of the portal in the reader's language; English where there is no translation.

Every text that a person reads goes through here, whole sentences with `%(name)s` for values:
`_("Signed in as %(name)s") % {"name": name}`. Babel finds the texts by the names that stand here
and in `counts.py`; `make docs` writes them to `web/locales/portal.pot`. Templates have the same
functions from Jinja's own extension (`templates.py`).
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from gettext import NullTranslations
from typing import TypeVar

from server.portal import catalogues
from server.portal.accept_language import wanted

ENGLISH = "en"

_Key = TypeVar("_Key")

_spoken: ContextVar[tuple[str, NullTranslations]] = ContextVar(
    "texts", default=(ENGLISH, NullTranslations())
)


def speak_for(accept_language: str) -> None:
    """Let the texts of this request be in the first wanted language that there is.

    Each language is looked up as RFC 4647 (3.4) says: `zh-Hant-TW`, then `zh-Hant`, then `zh`.

    Args:
        accept_language: the header; anything may stand there.
    """
    known = catalogues.translations(catalogues.FOLDER)
    languages = {language.lower(): language for language in (ENGLISH, *known)}
    for tag in wanted(accept_language):
        parts = tag.split("-")
        for length in range(len(parts), 0, -1):
            language = languages.get("-".join(parts[:length]))
            if language is not None:
                _spoken.set((language, known.get(language, NullTranslations())))
                return
    _spoken.set((ENGLISH, NullTranslations()))


def language() -> str:
    """Return the language that the texts are in, as BCP 47, for the page's `lang`."""
    return _spoken.get()[0]


def gettext(message: str) -> str:
    """Return the text in the reader's language."""
    # Under the empty text a catalogue keeps its own header.
    return _spoken.get()[1].gettext(message) if message else message


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form for that number; the number itself is a value: `%(number)s rows`."""
    return _spoken.get()[1].ngettext(one, many, number)


def pgettext(context: str, message: str) -> str:
    """Return the text of a word that means several things, by what it stands for here."""
    return _spoken.get()[1].pgettext(context, message)


def marked(message: str) -> str:
    """Return the text as it is: a constant to be translated where it is used.

    A constant is made before anybody asked for a page, so in nobody's language.
    """
    return message


class English(str):
    """A text that is in no catalogue: pages in another language say so where they print it.

    What the API says of a failure, and what datasets say of themselves: their authors write it,
    and what they write is read as English on every page.
    """

    __slots__ = ()


def is_foreign(text: str) -> bool:
    """Return whether a text is in another language than its page."""
    return isinstance(text, English) and language() != ENGLISH


class Words(Mapping[_Key, str]):
    """A table of texts: code → its text, in the language of who reads it at that moment."""

    def __init__(self, texts: Mapping[_Key, str], *, context: str = "") -> None:
        """Keep the texts as they are.

        Args:
            texts: written out in the call, where Babel finds them.
            context: what words stand for that mean several things, as for `pgettext`.
        """
        self._texts = texts
        self._context = context

    def __getitem__(self, key: _Key) -> str:
        """Return the text."""
        text = self._texts[key]
        return pgettext(self._context, text) if self._context else gettext(text)

    def __iter__(self) -> Iterator[_Key]:
        """Yield the codes, in the order they are written in."""
        return iter(self._texts)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._texts)
