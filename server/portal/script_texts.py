"""What scripts say, in another language: a small module for each, which browsers keep like a file.

A page in that language names it before its own scripts (`shell.html`), so that they know the texts
before they say any. An English page has none: what scripts are written in is English.
"""

import json
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from hashlib import sha256
from pathlib import Path
from string import Template

from server.portal import catalogues
from server.portal.catalogues import COUNTED, texts_of_scripts, translations
from server.portal.texts import language

SCRIPTS = Path(__file__).resolve().parents[2] / "web" / "static" / "js"

_MILLION = 10**6
"""A number of its own, beyond those of `COUNTED`: so Spanish, French, Italian, Portuguese have it
(CLDR's plural rules)."""


# By the same address as the scripts import it: a module is one by its address.
_MODULE = Template('import { speak } from "/static/js/texts.js";\n\nspeak($language);\n')


@dataclass(frozen=True)
class ScriptTexts:
    """The module of a language."""

    code: bytes
    version: str
    """Changes with the texts."""
    address: str


def address() -> str:
    """Return where the module of the reader's language is; empty where there is none."""
    made = of_language(language())
    return made.address if made else ""


def of_language(spoken: str) -> ScriptTexts | None:
    """Return the module of a language (BCP 47); None where scripts have nothing translated."""
    return _of(catalogues.FOLDER, spoken)


@cache
def _of(folder: Path, spoken: str) -> ScriptTexts | None:
    translation = translations(folder).get(spoken)
    if translation is None:
        return None
    plain, (counting, forms) = _plain(translation), _counting(translation)
    texts = {**plain, **counting}
    if not texts:
        return None
    told = {"texts": texts, "forms": forms[:-1], "ofMillions": forms[-1]}
    code = _MODULE.substitute(language=json.dumps(told)).encode()
    version = sha256(code).hexdigest()[:12]
    return ScriptTexts(code, version, f"/texts/{spoken}?v={version}")


def _plain(translation: GNUTranslations) -> dict[str, str]:
    """Return text → translation; a word of several things stands after what it is of and U+0004."""
    found = {}
    for text in texts_of_scripts(SCRIPTS):
        if text.many:
            continue
        if text.context:
            key = f"{text.context}\x04{text.one}"  # as gettext itself keeps it
            told = translation.pgettext(text.context, text.one)
        else:
            key, told = text.one, translation.gettext(text.one)
        if told != text.one:
            found[key] = told
    return found


def _counting(translation: GNUTranslations) -> tuple[dict[str, list[str]], list[int]]:
    """Return text → its forms, and which of them each number has: those to `COUNTED`, a million.

    The language's own rule is asked, number by number, so that scripts need to know none.
    """
    numbers = (*range(COUNTED), _MILLION)
    counting, told = [], []
    for text in texts_of_scripts(SCRIPTS):
        given = [translation.ngettext(text.one, text.many, number) for number in numbers]
        english = [text.one if number == 1 else text.many for number in numbers]
        if text.many and given != english:
            counting.append(text.one)
            told.append(given)
    by_number = list(zip(*told, strict=True))
    kinds = list(dict.fromkeys(by_number))
    forms = [kinds.index(it) for it in by_number] or [0] * len(numbers)
    return {text: [kind[at] for kind in kinds] for at, text in enumerate(counting)}, forms
