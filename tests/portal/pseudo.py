"""A language in which every text of the catalogue can be told: `⟦12 Sign in⟧` for `Sign in`.

What stands on a page outside of these brackets, and is no data, was forgotten by the catalogue. A
text's values stand outside too, since they may be texts themselves: `⟦13 Join ⟧main⟦⟧`.
"""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import write_po

from tests.texts import collected

PSEUDO = "en-XA"
"""As Android names the pseudo-language of English; browsers may ask for it."""

ATTRIBUTES = (
    *("aria-label", "title", "placeholder", "alt", "data-label", "data-more", "data-fewer"),
    *("data-question", "data-confirm"),
)
"""Attributes that a person reads or is read to; of `data-`, those that style sheet and scripts
show as they are."""

_NO_TEXT = {
    "script": "data for scripts",
    "pre": "commands and programs, copied as they are",
    "code": "names of files and variables",
    "kbd": "what stands on a key",
}
_NAMES = "Tallydock|CSV"
"""The product and a format: the same in every language."""

_VALUE = re.compile(r"<[^>]*>|%\(\w+\)s")
"""A value, and an element, which is left as it is."""
_SEEN = re.compile(r"⟦(\d+) ")
_LETTERS = re.compile(r"[^\W\d_]")


def write_pseudo(folder: Path) -> list[Message]:
    """Write the language where translations lie; return its texts by their numbers."""
    catalogue = collected()
    texts = [message for message in catalogue if message.id]
    for number, message in enumerate(texts):
        forms = (message.id,) if isinstance(message.id, str) else message.id
        told = (_VALUE.sub(_apart, form) for form in forms)
        marked = tuple(f"⟦{number} {form}⟧" for form in told)
        message.string = marked[0] if len(marked) == 1 else marked
    path = folder / PSEUDO.replace("-", "_") / "LC_MESSAGES/portal.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, catalogue)
    return texts


def _apart(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("<") else f"⟧{found[0]}⟦"


def seen(html: str) -> set[int]:
    """Return the numbers of the texts that stand there."""
    return {int(number) for number in _SEEN.findall(html)}


def untranslated(html: str, data: Iterable[str] = ()) -> list[str]:
    """Return what a person reads on the page and no catalogue has, in order.

    Args:
        html: a page, or a part of one, in the pseudo-language.
        data: what else may stand there: names, codes, what people wrote.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    known = sorted({re.escape(it) for it in data if it}, key=len, reverse=True)
    whole = re.compile(rf"(?<!\w)(?:{'|'.join([_NAMES, *known])})(?!\w)")
    return [
        " ".join(text.split()) for text in reader.outside() if _LETTERS.search(whole.sub(" ", text))
    ]


class _Reader(HTMLParser):
    """Collects what is read, node by node; brackets may hold elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._nodes: list[str] = []
        self._attributes: list[str] = []
        self._silent = 0
        self._english: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes that are read; what says that it is English is left out."""
        is_english = tag != "html" and dict(attrs).get("lang") == "en"
        if is_english:
            self._english.append(tag)
        self._silent += is_english + (tag in _NO_TEXT)
        self._attributes += [value or "" for name, value in attrs if name in ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        """Leave what is no text."""
        was_english = self._english[-1:] == [tag]
        if was_english:
            self._english.pop()
        self._silent -= was_english + (tag in _NO_TEXT)

    def handle_data(self, data: str) -> None:
        """Take the text."""
        if not self._silent:
            self._nodes.append(data)

    def outside(self) -> Iterator[str]:
        """Yield the stretches outside of all brackets: of texts, then of attributes."""
        depth = 0
        for node in self._nodes:
            stretch, depth = _outside(node, depth)
            yield stretch
        for attribute in self._attributes:
            yield _outside(attribute, 0)[0]


def _outside(text: str, depth: int) -> tuple[str, int]:
    """Return what stands outside of the brackets, and how deep in them the text ends."""
    stretch = ""
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        stretch += letter if not depth and letter != "⟧" else " "
    return stretch, depth
