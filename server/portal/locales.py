"""How numbers are written where the reader lives: by the languages the browser asks for.

Which mark groups the digits and which begins the fraction. The language of the words is chosen by
itself (`texts.py`): a reader without a translation still has numbers as at home. The marks are
those of Unicode's CLDR 46 (`numbers/symbols`); scripts get the same locale for `Intl` (`words.js`).
How days are written goes by the same choice, with its region (`dates.py`).
"""

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType

from server.portal.accept_language import wanted

DEFAULT = "en"

_NBSP, _NARROW, _APOSTROPHE = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\u2019"

_MARKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("en", "ja", "ko", "zh", "th", "he", "es-mx"), (",", ".")),
        **dict.fromkeys(("de", "es", "it", "nl", "da", "id", "tr", "el", "pt"), (".", ",")),
        **dict.fromkeys(
            ("sv", "nb", "no", "fi", "pl", "cs", "sk", "hu", "uk", "ru", "bg", "pt-pt", "de-at"),
            (_NBSP, ","),
        ),
        **dict.fromkeys(("fr", "fr-ch"), (_NARROW, ",")),
        **dict.fromkeys(("de-ch", "it-ch"), (_APOSTROPHE, ".")),
    }
)
"""Locale, in lower case → the marks that group digits and begin the fraction."""

_current: ContextVar[tuple[str, str]] = ContextVar("locale", default=(DEFAULT, ""))


def print_for(accept_language: str) -> None:
    """Let what is printed from now on in this request be in the reader's locale.

    That is the first of the wanted ones whose marks are known, as BCP 47; else English.

    Args:
        accept_language: the header (RFC 9110, 12.5.4); anything may stand there.
    """
    _current.set(_chosen(accept_language))


def current_locale() -> str:
    """Return the locale of the reader whose request this is."""
    return _current.get()[0]


def current_region() -> str:
    """Return that locale with the region it was asked for with, in lower case: `en-gb`, `de`.

    Empty when nothing that is known was asked for.
    """
    return _current.get()[1]


def localised(number: str) -> str:
    """Return a number written in English (`1,234.5`) as the reader writes it."""
    group, point = _MARKS[current_locale().lower()]
    return number.translate({ord(","): group, ord("."): point})


def _chosen(accept_language: str) -> tuple[str, str]:
    """Return the locale whose marks are known, and what `current_region` says of it."""
    for tag in wanted(accept_language):
        language, *rest = tag.split("-")
        region = next((it.upper() for it in rest if len(it) == 2), "")  # noqa: PLR2004 - ISO 3166
        for known in (f"{language}-{region}", language):
            if known.lower() in _MARKS:
                return known, f"{language}-{region.lower()}" if region else language
    return DEFAULT, ""
