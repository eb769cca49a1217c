"""Numbers are written as the reader writes them; anything may be asked for."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from server.portal.counts import rows_in_words
from server.portal.figures import count, money, money_with_symbol, percent, seconds, size
from server.portal.locales import DEFAULT, current_locale, print_for


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave English behind."""
    yield
    print_for("")


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("", DEFAULT),
        ("de", "de"),
        ("de-CH,de;q=0.8", "de-CH"),
        ("DE-de, en;q=0.1", "de"),
        ("en;q=0.2, fr;q=0.9", "fr"),
        ("tlh, pt-PT;q=0.5", "pt-PT"),
        ("zh-Hant-TW", "zh"),
        ("en-IN", "en"),
        ("*", DEFAULT),
        (";;;q=9,\x00,de;q=nonsense", DEFAULT),
        ("x" * 100_000, DEFAULT),
    ],
)
def test_the_first_wanted_locale_that_is_known_is_taken(asked: str, chosen: str) -> None:
    print_for(asked)

    assert current_locale() == chosen


def test_every_number_follows_the_locale() -> None:
    print_for("de-DE")

    assert count(1234567) == "1.234.567"
    assert rows_in_words(1234) == "1.234 rows"
    assert money(Decimal("-1204331.18"), "EUR") == "\N{MINUS SIGN}1.204.331,18"
    assert money_with_symbol(Decimal("8.005"), "EUR").endswith("8,01")
    assert percent(Decimal("0.029101")).startswith("2,91")
    assert size(11_800_000).startswith("11,8")
    assert (seconds(0.01), seconds(2.34)) == ("< 0,1 s", "2,3 s")


async def test_pages_and_their_scripts_are_told_the_same_locale(reader: httpx.AsyncClient) -> None:
    english = (await reader.get("/")).text
    german = (await reader.get("/", headers={"accept-language": "de-DE,de;q=0.9"})).text
    swiss = (await reader.get("/", headers={"accept-language": "de-CH"})).text

    assert 'data-locale="en"' in english
    assert 'data-locale="de"' in german
    assert 'data-locale="de-CH"' in swiss
    assert "9,000.50" in english
    assert "9.000,50" in german
    assert "9\N{RIGHT SINGLE QUOTATION MARK}000.50" in swiss
