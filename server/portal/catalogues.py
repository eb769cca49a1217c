"""Translations of the portal, each read once from `web/locales/<language>/LC_MESSAGES/portal.po`.

Only `texts.py` and `script_texts.py` ask for them. What a translator got wrong costs that text its
translation, never a page: it stays English, and the log names it.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import structlog
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

FOLDER = Path(__file__).resolve().parents[2] / "web" / "locales"

KEYWORDS = MappingProxyType(
    {**DEFAULT_KEYWORDS, "marked": None, "counted": (1, 2), "Forms": (1, 2)}
)
"""What texts are found by, in code and templates: a function → which of its arguments they are."""

COUNTED = 200
"""Numbers after which a language's forms come again: its rule goes by the last two digits, and by
what 0, 1, … itself is."""

logger = structlog.get_logger(__name__)

_VALUE = re.compile(r"%\((\w+)\)s")
_TAG = re.compile(r"<[^>]*>")


class ScriptText(NamedTuple):
    """A text that scripts say."""

    one: str
    many: str
    """For any other number than one; empty where the text counts nothing."""
    context: str
    """What a word stands for that means several things; mostly empty."""


@cache
def texts_of_scripts(folder: Path) -> tuple[ScriptText, ...]:
    """Return the texts in the scripts of a folder, in the order of files and lines.

    They are read from the scripts themselves: a translation may have come without the places.
    """
    found = extract_from_dir(folder, [("*.js", "javascript")], keywords=KEYWORDS)
    made = []
    for _file, _line, message, _comments, context in found:
        one, many = message if isinstance(message, tuple) else (message, "")
        made.append(ScriptText(one, many, context or ""))
    return tuple(dict.fromkeys(made))


@cache
def translations(folder: Path) -> Mapping[str, GNUTranslations]:
    """Return language as BCP 47 (`pt-BR`) → its translation.

    Args:
        folder: holds a folder per language, named as gettext does (`pt_BR`).
    """
    found = {}
    for path in sorted(folder.glob("*/LC_MESSAGES/portal.po")):
        language = path.parts[-3].replace("_", "-")
        try:
            found[language] = _read(path, language)
        except (PoFileError, ValueError, ArithmeticError) as fault:
            logger.warning("translation.unreadable", language=language, fault=str(fault))
    return found


def _read(path: Path, language: str) -> GNUTranslations:
    """Return what is translated in the file.

    Gettext itself reads the compiled form only, so it is compiled here, in memory: nothing
    generated lies beside the file that could be older than it. Fuzzy texts are left out.
    """
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    _drop_misfits(catalogue, language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    made = GNUTranslations(compiled)
    text = ""
    for number in range(COUNTED):  # a rule that divides by nothing would fail on the page
        made.ngettext(text, text, number)
    return made


def _drop_misfits(catalogue: Catalog, language: str) -> None:
    """Take away what could not be filled in, or brings elements of its own into the page."""
    for message in list(catalogue):
        if not message.id:  # the header
            continue
        texts, given = _forms(message.id), [it for it in _forms(message.string or "") if it]
        if not all(_fits(it, texts) for it in given):
            logger.warning("translation.refused", language=language, text=texts[0])
            catalogue.delete(texts[0], message.context)


def _forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _fits(translated: str, texts: tuple[str, ...]) -> bool:
    """Return whether a form can stand wherever its text does: same values, same elements."""
    values = set(_VALUE.findall(" ".join(texts)))
    is_filled_in = all(_can_be_filled_in(text, values) for text in texts)
    if is_filled_in and not _can_be_filled_in(translated, values):
        return False
    return any(sorted(_TAG.findall(translated)) == sorted(_TAG.findall(text)) for text in texts)


def _can_be_filled_in(text: str, values: Collection[str]) -> bool:
    """Return whether it has no value of another name, and no percent sign that stands alone.

    Scripts know `%(name)s` only, so that other forms of Python's (`%(name)r`) do not fit either.
    """
    is_known = all(name in values for name in _VALUE.findall(text))
    return is_known and "%" not in _VALUE.sub("", text).replace("%%", "")
